#include "station/issuance/adoption.hpp"

namespace card::issuance {

using namespace adoption;

Result<Action> Adoption::resume(Event event) {
    if (auto action = follow(event)) {
        return std::move(*action);
    }
    state_ = Finished{};
    return fail(Fault::report_defect, "adoption: an event that does not follow");
}

std::optional<PassNumber> Adoption::pass_number() const {
    return renewal_ ? std::optional(renewal_->pass_number) : std::nullopt;
}

std::optional<Action> Adoption::follow(Event& event) {
    if (auto* request = std::get_if<Asked>(&event);
        request != nullptr && std::holds_alternative<AwaitingRequest>(state_)) {
        return asked(*request);
    }
    if (std::holds_alternative<AwaitingCard>(state_)) {
        if (const auto* tap = std::get_if<CardTapped>(&event); tap != nullptr) {
            return tapped(*tap);
        }
        if (std::holds_alternative<CardLost>(event)) {
            return wait_for_card(Notice::tap_card_to_adopt);
        }
        if (std::holds_alternative<Cancelled>(event)) {
            return finish(Notice::adoption_cancelled);
        }
    }
    if (const auto* claiming = std::get_if<Claiming>(&state_); claiming != nullptr) {
        if (const auto* granted = std::get_if<Granted>(&event); granted != nullptr) {
            const AttemptId attempt = claiming->attempt;
            state_ = Recording{};
            return RecordAdopted{renewal_->id, attempt, granted->epoch};
        }
        if (auto* refused = std::get_if<Refused>(&event); refused != nullptr) {
            return finish(Notice::adoption_refused, std::move(refused->code));
        }
        if (std::holds_alternative<CentralAway>(event)) {
            return finish(Notice::adoption_needs_central);
        }
    }
    if (std::holds_alternative<Recording>(state_) &&
        std::holds_alternative<AdoptionRecorded>(event)) {
        return finish(Notice::card_adopted);
    }
    return std::nullopt;
}

Action Adoption::asked(Asked& request) {
    if (!request.renewal) {
        return finish(Notice::pass_not_known);
    }
    renewal_ = std::move(request.renewal);
    if (renewal_->status != RenewalStatus::produced || request.has_card) {
        return finish(Notice::nothing_to_adopt);
    }
    if (request.stopped) {
        return finish(*request.stopped);
    }
    return wait_for_card(Notice::tap_card_to_adopt);
}

Action Adoption::tapped(const CardTapped& tap) {
    const auto& card = tap.card;
    if (!card || card->pass_number != renewal_->pass_number || card->life != LifeState::made ||
        !card->carries || card->known) {
        return wait_for_card(Notice::card_is_not_this_passes);
    }
    state_ = Claiming{card->attempt};
    return Claim{renewal_->id};
}

Action Adoption::wait_for_card(Notice notice) {
    state_ = AwaitingCard{};
    return WaitForCard{notice};
}

Action Adoption::finish(Notice notice, std::string code) {
    state_ = Finished{};
    return Finish{notice, std::move(code)};
}

}  // namespace card::issuance
