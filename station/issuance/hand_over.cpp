#include "station/issuance/hand_over.hpp"

#include <algorithm>
#include <array>

namespace card::issuance {

using namespace hand_over;

namespace {

constexpr std::array<std::string_view, 2> refusal_names{"photo_mismatch", "not_the_holder"};

/// Why a renewal cannot be collected now, if it cannot.
struct Obstacle {
    Notice notice;
    std::string_view reason;
};

std::optional<Obstacle> obstacle(const Renewal& renewal, const std::optional<IssuedCard>& card,
                                 BusinessDay today) {
    if (renewal.status == RenewalStatus::withdrawn) {
        return Obstacle{Notice::renewal_withdrawn, "withdrawn"};
    }
    if (renewal.status == RenewalStatus::issued ||
        (card && card->stage == CardStage::handed_over)) {
        return Obstacle{Notice::already_collected, "already_issued"};
    }
    if (renewal.held) {
        return Obstacle{Notice::renewal_held, "held"};
    }
    if (card && card->condemned) {
        return Obstacle{Notice::card_condemned, "card_condemned"};
    }
    if (card && card->missing) {
        return Obstacle{Notice::card_missing, "card_missing"};
    }
    if (renewal.valid_to < today) {
        return Obstacle{Notice::pass_expired, "expired"};
    }
    if (!card || (card->stage != CardStage::verified && card->stage != CardStage::authorised)) {
        return Obstacle{Notice::card_not_made_yet, "not_produced"};
    }
    return std::nullopt;
}

HandOverEvidence evidence_of(const PapersShown& shown, bool waived) {
    const LetterCheck letter =
        shown.letter ? LetterCheck::letter_signed : LetterCheck::letter_missing;
    const OldPassCheck old_pass = !shown.old_pass     ? OldPassCheck::old_pass_lost
                                  : shown.read_by_eye ? OldPassCheck::visual
                                                      : OldPassCheck::qr_number_matched;
    return {letter, old_pass, shown.collector, waived ? shown.approval : std::nullopt};
}

}  // namespace

std::string_view name(OperatorRefusal refusal) {
    return refusal_names.at(static_cast<std::size_t>(refusal));
}

std::optional<OperatorRefusal> parse_operator_refusal(std::string_view text) {
    const auto* found = std::find(refusal_names.begin(), refusal_names.end(), text);
    return found == refusal_names.end()
               ? std::nullopt
               : std::optional(static_cast<OperatorRefusal>(found - refusal_names.begin()));
}

Result<Action> HandOver::resume(Event event) {
    if (auto action = follow(event)) {
        return std::move(*action);
    }
    state_ = Finished{};
    return fail(Fault::report_defect, "hand-over: an event that does not follow");
}

std::optional<PassNumber> HandOver::pass_number() const {
    return renewal_ ? std::optional(renewal_->pass_number) : std::nullopt;
}

std::optional<Action> HandOver::follow(Event& event) {
    if (auto* shown = std::get_if<PapersShown>(&event);
        shown != nullptr && std::holds_alternative<AwaitingPapers>(state_)) {
        return papers(*shown);
    }
    if (std::holds_alternative<AwaitingCard>(state_)) {
        if (const auto* card = std::get_if<CardTapped>(&event); card != nullptr) {
            return tapped(*card);
        }
        if (std::holds_alternative<CardLost>(event)) {
            return wait_for_card(Notice::keep_card_on_reader);
        }
        const auto* refused = std::get_if<OperatorRefused>(&event);
        if (card_->stage == CardStage::authorised &&
            (refused != nullptr || std::holds_alternative<Cancelled>(event))) {
            return finish(Notice::card_may_be_live);
        }
        if (refused != nullptr) {
            return refuse(Notice::refused_at_counter, std::string(name(refused->reason)), false);
        }
        if (std::holds_alternative<Cancelled>(event)) {
            return finish(Notice::hand_over_cancelled);
        }
    }
    if (std::holds_alternative<AskingCentral>(state_)) {
        if (const auto* granted = std::get_if<Authorised>(&event); granted != nullptr) {
            state_ = RecordingAuthorisation{};
            return RecordAuthorised{card_->attempt, granted->authorisation, *evidence_};
        }
        if (const auto* refused = std::get_if<AuthorisationRefused>(&event); refused != nullptr) {
            return refuse(Notice::central_refused, refused->code, false);
        }
        if (std::holds_alternative<CentralAway>(event)) {
            return finish(Notice::central_away);
        }
    }
    if (const auto* recorded = std::get_if<AuthorisationRecorded>(&event);
        recorded != nullptr && std::holds_alternative<RecordingAuthorisation>(state_)) {
        card_->stage = CardStage::authorised;
        state_ = Activating{};
        return Activate{recorded->proof, *card_};
    }
    if (std::holds_alternative<Activating>(state_)) {
        if (std::holds_alternative<Activated>(event)) {
            state_ = RecordingHandOver{};
            return RecordHandedOver{card_->attempt};
        }
        if (std::holds_alternative<ActivationFailed>(event)) {
            // The write may have happened: the same card again finds out, and finishes it.
            return wait_for_card(Notice::keep_card_on_reader);
        }
    }
    if (const auto* recorded = std::get_if<HandedOverRecorded>(&event);
        recorded != nullptr && std::holds_alternative<RecordingHandOver>(state_)) {
        state_ = AwaitingAcknowledgement{};
        return AwaitAcknowledgement{recorded->seq};
    }
    if (std::holds_alternative<AwaitingAcknowledgement>(state_)) {
        if (std::holds_alternative<Acknowledged>(event)) {
            return finish(Notice::handed_over);
        }
        if (std::holds_alternative<AcknowledgementLate>(event)) {
            return finish(Notice::waiting_for_acknowledgement);
        }
    }
    if (const auto* recording = std::get_if<RecordingRefusal>(&state_);
        recording != nullptr && std::holds_alternative<RefusalRecorded>(event)) {
        const RecordingRefusal done = *recording;
        return done.goes_on ? wait_for_card(done.notice) : finish(done.notice);
    }
    return std::nullopt;
}

Action HandOver::papers(PapersShown& shown) {
    // One paper at least must be read by a machine, whoever approves.
    if (!shown.letter && (!shown.old_pass || shown.read_by_eye)) {
        return finish(Notice::papers_needed);
    }
    if (shown.old_pass && !*shown.old_pass) {
        return finish(Notice::old_pass_unreadable);
    }
    const bool letter_read = shown.letter && *shown.letter;
    if (letter_read && !shown.of_letter) {
        state_ = Finished{};
        return shown.port_served
                   ? Finish{Notice::letter_unknown}
                   : Finish{Notice::letter_of_another_port, (*shown.letter)->pickup_port};
    }
    const auto& found = letter_read ? shown.of_letter : shown.of_old_pass;
    if (!found) {
        return finish(shown.letter ? Notice::letter_not_valid : Notice::old_pass_unknown);
    }
    renewal_ = found->renewal;
    card_ = found->card;
    if (auto refused = contradiction(shown)) {
        return std::move(*refused);
    }
    if (const auto blocked = obstacle(*renewal_, card_, shown.today)) {
        return refuse(blocked->notice, std::string(blocked->reason), false);
    }
    if (!found->carries) {
        return refuse(Notice::card_data_changed, "data_changed", false);
    }
    const auto lacking = missing(shown);
    if (lacking && !shown.approval) {
        return finish(*lacking);
    }
    evidence_ = evidence_of(shown, lacking.has_value());
    return wait_for_card(Notice::tap_new_card);
}

std::optional<Action> HandOver::contradiction(const PapersShown& shown) {
    if (!shown.letter) {
        return std::nullopt;
    }
    const Result<PickupLetter>& letter = *shown.letter;
    if (!letter || letter->pass_number != renewal_->pass_number ||
        letter->old_pass_number != renewal_->old_pass_number) {
        return refuse(Notice::letter_not_valid, "letter_not_valid", false);
    }
    if (shown.old_pass && **shown.old_pass != letter->old_pass_number) {
        return refuse(Notice::wrong_old_pass, "wrong_old_pass", false);
    }
    if (letter->last_day < shown.today) {
        return refuse(Notice::pass_expired, "expired", false);
    }
    return std::nullopt;
}

std::optional<Notice> HandOver::missing(const PapersShown& shown) const {
    if (!shown.letter && policy_.require_letter) {
        return Notice::letter_needed;
    }
    if (!shown.old_pass) {
        return Notice::old_pass_needed;
    }
    const bool by_another = shown.collector == Collector::representative;
    if (shown.read_by_eye || (by_another && policy_.representatives_need_supervisor)) {
        return Notice::supervisor_needed;
    }
    return std::nullopt;
}

Action HandOver::tapped(const CardTapped& card) {
    if (card.uid != card_->uid) {
        return refuse(Notice::wrong_new_card, "wrong_new_card", true);
    }
    const bool authorised_before = card_->stage == CardStage::authorised;
    const bool life_fits =
        card.life == LifeState::made || (authorised_before && card.life == LifeState::active);
    if (card.proven != renewal_->pass_number || !life_fits) {
        return refuse(Notice::new_card_not_valid, "new_card_not_valid", true);
    }
    if (authorised_before) {
        state_ = RecordingAuthorisation{};
        return RecallAuthorised{card_->attempt};
    }
    state_ = AskingCentral{};
    return AskCentral{*card_};
}

Action HandOver::refuse(Notice notice, std::string reason, bool goes_on) {
    state_ = RecordingRefusal{notice, goes_on};
    return RecordRefusal{renewal_->id, std::move(reason)};
}

Action HandOver::wait_for_card(Notice notice) {
    state_ = AwaitingCard{};
    return WaitForCard{notice};
}

Action HandOver::finish(Notice notice) {
    state_ = Finished{};
    return Finish{notice};
}

}  // namespace card::issuance
