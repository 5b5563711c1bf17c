#include "station/observe/words.hpp"

#include <array>

namespace card::observe {
namespace {

using issuance::Notice;

struct NoticeWords {
    Notice notice;
    Words words;
};

// In the order of the enumeration; a test checks that none is missing.
constexpr std::array<NoticeWords, 42> notices{{
    {Notice::place_blank_card,
     {"place_blank_card", Tone::act, "請放上空白卡", "Place a blank card on the reader."}},
    {Notice::no_renewal_waiting,
     {"no_renewal_waiting", Tone::wait, "目前沒有待製證，請取走卡片",
      "Nothing is waiting to be made; take the card off."}},
    {Notice::writing_card,
     {"writing_card", Tone::wait, "製證中，請勿移動卡片", "Writing; do not move the card."}},
    {Notice::card_finished,
     {"card_finished", Tone::done, "製證完成，請取走卡片並放入待領區",
      "The card is made; take it off and file it for collection."}},
    {Notice::put_same_card_back,
     {"put_same_card_back", Tone::act, "卡片移動了，請把同一張卡片放回",
      "The card moved; put the same card back."}},
    {Notice::card_is_finished_already,
     {"card_is_finished_already", Tone::stop, "這張卡片已製證完成，請放入待領區",
      "This card is made already; file it for collection."}},
    {Notice::card_is_foreign,
     {"card_is_foreign", Tone::stop, "這不是空白卡，未做任何變更，請換一張",
      "This is no blank card; nothing was changed. Take another."}},
    {Notice::card_not_proven_genuine,
     {"card_not_proven_genuine", Tone::stop, "無法確認是原廠卡片，未做任何變更，請換一張",
      "The chip's maker cannot be proven; nothing was changed. Take another."}},
    {Notice::card_spoiled,
     {"card_spoiled", Tone::stop, "這張卡片已作廢，請放入廢卡箱，再放一張空白卡",
      "This card is spoiled; put it into the void box and place a blank one."}},
    {Notice::renewal_stopped,
     {"renewal_stopped", Tone::stop, "這筆換證已停止，未使用卡片",
      "This renewal was stopped; no card was used."}},
    {Notice::renewal_needs_look,
     {"renewal_needs_look", Tone::stop, "資料需要確認，未使用卡片，請通知主管",
      "The data needs a look; no card was used. Call the supervisor."}},
    {Notice::renewal_expired,
     {"renewal_expired", Tone::stop, "通行證已過期，未使用卡片",
      "The pass has expired; no card was used."}},
    {Notice::old_pass_unreadable,
     {"old_pass_unreadable", Tone::stop, "無法辨識這張舊證，請重新掃描",
      "This is no old pass that can be read; scan again."}},
    {Notice::old_pass_unknown,
     {"old_pass_unknown", Tone::stop, "查無這張舊證的換證申請，請勿交付",
      "No renewal here exchanges this old pass; hand nothing over."}},
    {Notice::papers_needed,
     {"papers_needed", Tone::stop, "請掃描領證通知信與舊證",
      "Scan the pick-up letter and the old pass."}},
    {Notice::letter_needed,
     {"letter_needed", Tone::stop, "還缺領證通知信，請掃描；無法出示時請主管同意並說明原因",
      "The pick-up letter is missing: scan it, or let a supervisor agree and say why."}},
    {Notice::old_pass_needed,
     {"old_pass_needed", Tone::stop, "還缺舊證，請掃描；無法出示時請主管同意並說明原因",
      "The old pass is missing: scan it, or let a supervisor agree and say why."}},
    {Notice::supervisor_needed,
     {"supervisor_needed", Tone::stop, "這樣交付須主管同意並說明原因，尚未交付",
      "This needs a supervisor and a reason; nothing was handed over."}},
    {Notice::letter_not_valid,
     {"letter_not_valid", Tone::stop, "領證通知信無法確認為真，請勿交付，請通知主管",
      "The letter cannot be proven; hand nothing over, call the supervisor."}},
    {Notice::letter_unknown,
     {"letter_unknown", Tone::stop, "本站查無這封通知信的換證申請，請勿交付",
      "No renewal here belongs to this letter; hand nothing over."}},
    {Notice::letter_of_another_port,
     {"letter_of_another_port", Tone::stop, "這封通知信的領證港區不在本站，請持證人到該港區領證",
      "This letter is for another port; send the holder there."}},
    {Notice::wrong_old_pass,
     {"wrong_old_pass", Tone::stop, "舊證與通知信不是同一件換證，請勿交付",
      "Old pass and letter are not of one renewal; hand nothing over."}},
    {Notice::refused_at_counter,
     {"refused_at_counter", Tone::stop, "已登記拒絕交付，請勿交付，並通知主管",
      "The refusal is recorded; hand nothing over, call the supervisor."}},
    {Notice::card_not_made_yet,
     {"card_not_made_yet", Tone::stop, "新證尚未製作完成，請稍後再來",
      "The new card is not made yet; come again later."}},
    {Notice::renewal_withdrawn,
     {"renewal_withdrawn", Tone::stop, "這筆換證已撤回，請勿交付",
      "This renewal was withdrawn; hand nothing over."}},
    {Notice::renewal_held,
     {"renewal_held", Tone::stop, "這筆換證暫停中，請勿交付，請通知主管",
      "This renewal is on hold; hand nothing over, call the supervisor."}},
    {Notice::already_collected,
     {"already_collected", Tone::stop, "這筆換證已領取過，請勿再交付",
      "This renewal was collected already; hand nothing over."}},
    {Notice::pass_expired,
     {"pass_expired", Tone::stop, "通行證已過期，請勿交付",
      "The pass has expired; hand nothing over."}},
    {Notice::tap_new_card,
     {"tap_new_card", Tone::act, "資料相符，請放上新證",
      "All of it fits; put the new card on the reader."}},
    {Notice::wrong_new_card,
     {"wrong_new_card", Tone::stop, "這張不是這位持證人的新證，請換一張",
      "This is not this holder's new card; take the right one."}},
    {Notice::new_card_not_valid,
     {"new_card_not_valid", Tone::stop, "新證內容不正確，請勿交付，請通知主管",
      "The new card's content is wrong; hand nothing over, call the supervisor."}},
    {Notice::asking_central,
     {"asking_central", Tone::wait, "向中央確認中，請稍候", "Asking the central; wait."}},
    {Notice::central_refused,
     {"central_refused", Tone::stop, "中央不允許交付，請勿交付",
      "The central does not allow it; hand nothing over."}},
    {Notice::central_away,
     {"central_away", Tone::stop, "目前連不上中央，尚未交付，請稍後再試",
      "The central cannot be reached; nothing was handed over. Try again soon."}},
    {Notice::activating_card,
     {"activating_card", Tone::wait, "新證啟用中，請勿移動卡片",
      "Activating the new card; do not move it."}},
    {Notice::keep_card_on_reader,
     {"keep_card_on_reader", Tone::act, "卡片移動了，請把同一張新證放回",
      "The card moved; put the same new card back."}},
    {Notice::waiting_for_acknowledgement,
     {"waiting_for_acknowledgement", Tone::wait, "新證已啟用，等待中央確認",
      "The new card is active; waiting for the central's acknowledgement."}},
    {Notice::handed_over,
     {"handed_over", Tone::done, "換證完成，舊證已失效，新證已生效",
      "Exchanged: the old pass is off, the new card is on."}},
    {Notice::hand_over_cancelled,
     {"hand_over_cancelled", Tone::stop, "已取消，尚未交付",
      "Cancelled; nothing was handed over."}},
    {Notice::card_may_be_live,
     {"card_may_be_live", Tone::stop, "新證可能已啟用，請保留新證，重新掃描舊證以完成換證",
      "The new card may be live already; keep it, and scan the old pass again to finish."}},
    {Notice::ledger_is_behind,
     {"ledger_is_behind", Tone::stop, "系統資料不是最新，暫停製證，請通知資訊人員",
      "The station's data is an older state; no new card is made. Call IT."}},
    {Notice::ledger_needs_room,
     {"ledger_needs_room", Tone::stop, "系統儲存空間不足，暫停製證，請通知資訊人員",
      "The disk has little room left; no new card is made. Call IT."}},
}};

struct FaultWords {
    Fault fault;
    Words words;
};

constexpr std::array<FaultWords, 17> faults{{
    {Fault::present_same_card_again,
     {"present_same_card_again", Tone::act, "請把同一張卡片放回", "Put the same card back."}},
    {Fault::use_another_card,
     {"use_another_card", Tone::stop, "這張卡片不能使用，請換一張",
      "This card cannot be used; take another."}},
    {Fault::set_card_aside,
     {"set_card_aside", Tone::stop, "這張卡片回應異常，請放到一旁並通知主管",
      "This card answers wrongly; set it aside and call the supervisor."}},
    {Fault::scrap_card,
     {"scrap_card", Tone::stop, "這張卡片已損壞，請放入廢卡箱",
      "This card is damaged; put it into the void box."}},
    {Fault::wait_for_reader,
     {"wait_for_reader", Tone::wait, "讀卡機沒有回應，請確認連接線",
      "The reader does not answer; check its cable."}},
    {Fault::start_pcscd,
     {"start_pcscd", Tone::wait, "讀卡機服務未啟動，請通知資訊人員",
      "The reader service is not running; call IT."}},
    {Fault::grant_reader_access,
     {"grant_reader_access", Tone::stop, "沒有讀卡機權限，請通知資訊人員",
      "No permission for the reader; call IT."}},
    {Fault::restart_worker,
     {"restart_worker", Tone::wait, "讀卡機重新啟動中，請稍候",
      "The reader is being restarted; wait."}},
    {Fault::retry_later,
     {"retry_later", Tone::wait, "目前連不上中央，稍後自動再試",
      "The central cannot be reached; trying again."}},
    {Fault::follow_refusal,
     {"follow_refusal", Tone::stop, "中央不允許，請看原因", "The central refused; see why."}},
    {Fault::correct_input,
     {"correct_input", Tone::stop, "輸入內容不正確，請重新輸入",
      "The input cannot be used; give it again."}},
    {Fault::correct_configuration,
     {"correct_configuration", Tone::stop, "系統設定有誤，請通知資訊人員",
      "A setting is wrong; call IT."}},
    {Fault::insert_key_token,
     {"insert_key_token", Tone::stop, "金鑰裝置沒有回應，請確認已接上，並通知資訊人員",
      "The key token does not answer; check that it is plugged in, and call IT."}},
    {Fault::correct_token_pin,
     {"correct_token_pin", Tone::stop, "金鑰裝置的密碼不正確，請通知資訊人員",
      "The key token refuses its PIN; call IT."}},
    {Fault::unlock_key_token,
     {"unlock_key_token", Tone::stop, "金鑰裝置已鎖住，請通知資訊人員",
      "The key token is locked; call IT."}},
    {Fault::stop_station,
     {"stop_station", Tone::stop, "資料無法安全儲存，系統已停止，請通知資訊人員",
      "Data cannot be stored safely; the station stopped. Call IT."}},
    {Fault::report_defect,
     {"report_defect", Tone::stop, "系統發生錯誤，請勿交付並通知資訊人員",
      "The program found itself in error; hand nothing over and call IT."}},
}};

constexpr Words stuck_reader{"reader_stuck", Tone::act,
                             "讀卡機卡住了，請取走卡片並重新插拔讀卡機，再放回同一張卡片",
                             "The reader hangs: take the card off, unplug the reader and plug it "
                             "in, put the same card back."};

}  // namespace

const Words& words(Notice notice) {
    return notices.at(static_cast<std::size_t>(notice)).words;
}

const Words& words(Fault fault) {
    return faults.at(static_cast<std::size_t>(fault)).words;
}

const Words& words_of_stuck_reader() {
    return stuck_reader;
}

std::string_view name(Tone tone) {
    constexpr std::array<std::string_view, 4> names{"done", "act", "wait", "stop"};
    return names.at(static_cast<std::size_t>(tone));
}

}  // namespace card::observe
