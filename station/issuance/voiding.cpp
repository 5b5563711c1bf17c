#include "station/issuance/voiding.hpp"

namespace card::issuance {

using namespace voiding;

namespace {

bool is_broken(VoidReason reason) {
    return reason == VoidReason::dead || reason == VoidReason::damaged;
}

bool is_of_the_card(Fault fault) {
    return fault == Fault::use_another_card || fault == Fault::set_card_aside ||
           fault == Fault::scrap_card;
}

}  // namespace

Result<Action> Voiding::resume(Event event) {
    if (auto action = follow(event)) {
        return std::move(*action);
    }
    state_ = Finished{};
    return fail(Fault::report_defect, "voiding: an event that does not follow");
}

std::optional<PassNumber> Voiding::pass_number() const {
    return renewal_ ? std::optional(renewal_->pass_number) : std::nullopt;
}

std::optional<Action> Voiding::follow(Event& event) {
    if (auto* request = std::get_if<Asked>(&event);
        request != nullptr && std::holds_alternative<AwaitingRequest>(state_)) {
        return asked(*request);
    }
    if (std::holds_alternative<AwaitingCard>(state_)) {
        if (const auto* tap = std::get_if<CardTapped>(&event); tap != nullptr) {
            return tapped(*tap);
        }
        if (std::holds_alternative<CardLost>(event)) {
            return wait_for_card(Notice::tap_card_to_void);
        }
        if (std::holds_alternative<Cancelled>(event)) {
            return finish(Notice::void_cancelled);
        }
    }
    if (const auto* condemning = std::get_if<Condemning>(&state_); condemning != nullptr) {
        if (const auto* condemned = std::get_if<Condemned>(&event); condemned != nullptr) {
            const LifeState from = condemning->from;
            state_ = Making{};
            return MakeVoid{condemned->proof, *card_, from};
        }
    }
    if (std::holds_alternative<Making>(state_)) {
        if (std::holds_alternative<MadeVoid>(event)) {
            return end(is_broken(reason_) ? CardStage::spoiled : CardStage::voided);
        }
        if (const auto* broken = std::get_if<MakingFailed>(&event); broken != nullptr) {
            return failed(broken->failure);
        }
    }
    if (std::holds_alternative<RecordingEnd>(state_) &&
        std::holds_alternative<EndRecorded>(event)) {
        return finish(Notice::card_voided);
    }
    return std::nullopt;
}

Action Voiding::asked(Asked& request) {
    if (!request.renewal) {
        return finish(Notice::pass_not_known);
    }
    renewal_ = std::move(request.renewal);
    card_ = std::move(request.card);
    reason_ = request.reason;
    if (!card_ || is_over(card_->stage)) {
        return finish(Notice::no_card_to_void);
    }
    if (card_->stage == CardStage::handed_over) {
        return finish(Notice::already_collected);
    }
    if (!request.without_tap) {
        return wait_for_card(Notice::tap_card_to_void);
    }
    if (card_->stage == CardStage::authorised) {
        return finish(Notice::card_may_be_live);
    }
    if (!request.supervisor) {
        return finish(Notice::supervisor_needed);
    }
    supervisor_ = std::move(request.supervisor);
    return end(CardStage::spoiled);
}

Action Voiding::tapped(const CardTapped& tap) {
    if (tap.uid != card_->uid) {
        return wait_for_card(Notice::wrong_card_to_void);
    }
    const bool finished =
        card_->stage == CardStage::verified || card_->stage == CardStage::authorised;
    if (tap.life == LifeState::voided || (!tap.life && !finished)) {
        // It is unusable already: it says so, or nothing on it is finished.
        return end(finished && !is_broken(reason_) ? CardStage::voided : CardStage::spoiled);
    }
    if (!tap.life) {
        // Ours by its UID, and it does not prove it: broken, unless it may be live.
        return card_->stage == CardStage::authorised ? finish(Notice::card_may_be_live)
                                                     : end(CardStage::spoiled);
    }
    state_ = Condemning{*tap.life};
    return RecordCondemned{card_->attempt, reason_};
}

Action Voiding::failed(const Failure& failure) {
    if (!is_of_the_card(failure.fault)) {
        return wait_for_card(Notice::tap_card_to_void);
    }
    return card_->stage == CardStage::authorised ? finish(Notice::card_may_be_live)
                                                 : end(CardStage::spoiled);
}

Action Voiding::end(CardStage as) {
    state_ = RecordingEnd{};
    return RecordEnd{card_->attempt, as, reason_, supervisor_};
}

Action Voiding::wait_for_card(Notice notice) {
    state_ = AwaitingCard{};
    return WaitForCard{notice};
}

Action Voiding::finish(Notice notice) {
    state_ = Finished{};
    return Finish{notice};
}

}  // namespace card::issuance
