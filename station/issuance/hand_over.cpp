#include "station/issuance/hand_over.hpp"

namespace card::issuance {

using namespace hand_over;

namespace {

/// The old pass's QR text named the number that the renewal exchanges.
constexpr std::string_view qr_number_matched = "qr_number_matched";

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
    if (renewal.valid_to < today) {
        return Obstacle{Notice::pass_expired, "expired"};
    }
    if (!card || (card->stage != CardStage::verified && card->stage != CardStage::authorised)) {
        return Obstacle{Notice::card_not_made_yet, "not_produced"};
    }
    return std::nullopt;
}

}  // namespace

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
    if (auto* read = std::get_if<OldPassRead>(&event);
        read != nullptr && std::holds_alternative<AwaitingOldPass>(state_)) {
        return old_pass(*read);
    }
    if (std::holds_alternative<AwaitingCard>(state_)) {
        if (const auto* card = std::get_if<CardTapped>(&event); card != nullptr) {
            return tapped(*card);
        }
        if (std::holds_alternative<CardLost>(event)) {
            return wait_for_card(Notice::keep_card_on_reader);
        }
        if (std::holds_alternative<Cancelled>(event)) {
            return finish(card_->stage == CardStage::authorised ? Notice::card_may_be_live
                                                                : Notice::hand_over_cancelled);
        }
    }
    if (std::holds_alternative<AskingCentral>(state_)) {
        if (const auto* granted = std::get_if<Authorised>(&event); granted != nullptr) {
            state_ = RecordingAuthorisation{};
            return RecordAuthorised{card_->attempt, granted->authorisation,
                                    std::string(qr_number_matched)};
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

Action HandOver::old_pass(OldPassRead& read) {
    if (!read.number) {
        return finish(Notice::old_pass_unreadable);
    }
    if (!read.renewal) {
        return finish(Notice::old_pass_unknown);
    }
    renewal_ = std::move(read.renewal);
    card_ = std::move(read.card);
    if (const auto found = obstacle(*renewal_, card_, read.today)) {
        return refuse(found->notice, std::string(found->reason), false);
    }
    return wait_for_card(Notice::tap_new_card);
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
