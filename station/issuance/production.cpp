#include "station/issuance/production.hpp"

namespace card::issuance {

using namespace production;

namespace {

/// Whether the card answered something wrong, and not the reader or a service failed.
bool is_of_the_card(Fault fault) {
    return fault == Fault::use_another_card || fault == Fault::set_card_aside ||
           fault == Fault::scrap_card;
}

}  // namespace

std::vector<std::string> oddities(const Renewal& renewal) {
    std::vector<std::string> found = renewal.data_warnings;
    if (!renewal.photo) {
        found.emplace_back("no_photo");
    }
    return found;
}

Result<Action> Production::resume(Event event) {
    if (auto* card = std::get_if<CardSeen>(&event);
        card != nullptr && std::holds_alternative<AwaitingCard>(state_)) {
        return seen(std::move(*card));
    }
    if (auto* confirming = std::get_if<ConfirmingBlank>(&state_); confirming != nullptr) {
        if (std::holds_alternative<BlankConfirmed>(event)) {
            RecordStart start{std::move(confirming->claimed), confirming->uid};
            state_ = RecordingIntent{true};
            return start;
        }
        if (const auto* refused = std::get_if<CardFailed>(&event); refused != nullptr) {
            // Nothing was written: only what the card itself answered speaks against it.
            return finish(is_of_the_card(refused->failure.fault) ? Notice::card_is_foreign
                                                                 : Notice::place_blank_card);
        }
    }
    if (const auto* recording = std::get_if<RecordingIntent>(&state_);
        recording != nullptr && std::holds_alternative<IntentRecorded>(event)) {
        const WriteAhead proof = std::get<IntentRecorded>(event).proof;
        const bool blank = recording->blank;
        state_ = Writing{};
        return blank ? Action(WriteBlank{proof}) : Action(WriteAgain{proof});
    }
    if (std::holds_alternative<Writing>(state_)) {
        if (std::holds_alternative<CardVerified>(event)) {
            return record(RecordVerified{}, Notice::card_finished);
        }
        if (std::holds_alternative<CardErased>(event)) {
            return record(RecordSpoiled{"read_back_differs"}, Notice::card_spoiled);
        }
        if (const auto* broken = std::get_if<CardFailed>(&event); broken != nullptr) {
            return failed(broken->failure);
        }
    }
    if (const auto* recording = std::get_if<RecordingOutcome>(&state_);
        recording != nullptr && std::holds_alternative<OutcomeRecorded>(event)) {
        return finish(recording->notice);
    }
    state_ = AwaitingCard{};
    return fail(Fault::report_defect, "production: an event that does not follow");
}

Action Production::seen(CardSeen card) {
    if (card.known) {
        return seen_again(std::move(*card.known), card.of_known);
    }
    if (!card.has_factory_key) {
        return finish(card.given_up ? Notice::card_is_void : Notice::card_is_foreign);
    }
    if (card.line_stopped) {
        return finish(Notice::line_stopped);
    }
    if (!card.genuine && policy_.refuse_unproven_chips) {
        return finish(Notice::card_not_proven_genuine);
    }
    if (!card.next) {
        return finish(Notice::no_renewal_waiting);
    }
    const Renewal& renewal = card.next->renewal;
    if (renewal.held || renewal.status != RenewalStatus::approved) {
        return finish(Notice::renewal_stopped);
    }
    if (renewal.valid_to < card.today) {
        return finish(Notice::renewal_expired);
    }
    if (policy_.hold_odd_data && !oddities(renewal).empty()) {
        return finish(Notice::renewal_needs_look);
    }
    state_ = ConfirmingBlank{std::move(*card.next), card.uid};
    return ConfirmBlank{};
}

Action Production::seen_again(IssuedCard card, const std::optional<Renewal>& renewal) {
    const bool withdrawn = renewal && renewal->status == RenewalStatus::withdrawn;
    const bool open = card.stage == CardStage::started || card.stage == CardStage::torn;
    if (open && (withdrawn || card.condemned)) {
        const VoidReason why = card.condemned.value_or(VoidReason::withdrawn);
        return record(RecordSpoiled{std::string(name(why)), false}, Notice::card_spoiled);
    }
    if (card.condemned || withdrawn) {
        return finish(Notice::card_condemned);
    }
    if (card.stage != CardStage::started && card.stage != CardStage::torn) {
        return finish(Notice::card_is_finished_already);
    }
    if (card.presentations >= policy_.max_presentations) {
        return record(RecordSpoiled{"too_many_presentations", false}, Notice::card_spoiled);
    }
    state_ = RecordingIntent{false};
    return RecordResume{std::move(card)};
}

Action Production::failed(const Failure& failure) {
    switch (failure.fault) {
        case Fault::scrap_card:
            return record(RecordSpoiled{"chip_damaged"}, Notice::card_spoiled);
        case Fault::use_another_card:
        case Fault::set_card_aside:
            return record(RecordSpoiled{"card_answers_wrongly"}, Notice::card_spoiled);
        default:
            // The card left, or its reader did: the same card must come back.
            return record(RecordTorn{}, Notice::put_same_card_back);
    }
}

Action Production::finish(Notice notice) {
    state_ = AwaitingCard{};
    return Finish{notice};
}

Action Production::record(Action action, Notice notice) {
    state_ = RecordingOutcome{notice};
    return action;
}

}  // namespace card::issuance
