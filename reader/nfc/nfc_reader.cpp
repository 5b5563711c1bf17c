#include "reader/nfc/nfc_reader.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "reader/nfc/contactless_atr.hpp"

namespace card::reader {
namespace {

constexpr std::chrono::milliseconds min_pause{250};
constexpr std::chrono::milliseconds max_pause{2'000};
// A card is surely without power after 5.1 ms (ISO/IEC 14443-3, 5.3).
constexpr std::chrono::milliseconds field_off_time{10};

// A card may make up a new identifier each time it is activated (ISO/IEC 14443-3, 6.5.4).
bool is_random(const Bytes& uid) {
    return uid.size() == 4 && uid[0] == 0x08;
}

bool same_card(const NfcTarget& one, const NfcTarget& other) {
    return one.ats == other.ats &&
           (one.uid == other.uid || (is_random(one.uid) && is_random(other.uid)));
}

}  // namespace

void NfcReader::interrupt() {
    {
        const std::scoped_lock lock(mutex_);
        interrupted_ = true;
    }
    changed_.notify_all();
}

void NfcReader::look_now() {
    {
        const std::scoped_lock lock(mutex_);
        look_now_ = true;
    }
    changed_.notify_all();
}

bool NfcReader::pause() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, pause_, [this] { return interrupted_ || look_now_; });
    if (std::exchange(look_now_, false)) {
        pause_ = {};  // of what was plugged in, a part may come a moment later
    }
    return !std::exchange(interrupted_, false);
}

void NfcReader::lose_device() {
    device_.close();
    activated_ = connected_ = given_ = field_off_ = false;
}

ReaderStatus NfcReader::status() const {
    ReaderStatus seen;
    seen.card_present = card_.has_value();
    seen.event_count = insertions_;
    if (card_ && card_->speaks_apdus) {
        seen.atr = contactless_atr(card_->ats);
    }
    return seen;
}

Result<void> NfcReader::switch_field_off() {
    if (field_off_) {
        return {};
    }
    Result<void> off = device_.switch_field_off();
    field_off_ = off.has_value();
    return off;
}

Result<void> NfcReader::look_for_card() {
    // A card that is selected already would not answer.
    if (Result<void> off = switch_field_off(); !off) {
        return off;
    }
    field_off_ = false;
    Result<std::optional<NfcTarget>> found = device_.select();
    if (!found) {
        return tl::make_unexpected(std::move(found.error()));
    }
    const bool known = card_ && *found && same_card(*card_, **found);
    card_ = std::move(*found);
    if (!card_) {
        return switch_field_off();
    }
    activated_ = card_->speaks_apdus;
    if (!known) {
        ++insertions_;
    }
    return {};
}

Result<void> NfcReader::look() {
    if (!device_.is_open()) {
        if (Result<void> opened = device_.open(connection_); !opened) {
            card_.reset();
            return opened;
        }
        field_off_ = true;
    }
    if (activated_) {
        if (device_.is_present()) {
            return {};
        }
        activated_ = false;
        card_.reset();
    }
    Result<void> looked = look_for_card();
    if (!looked) {
        lose_device();
        card_.reset();
    }
    return looked;
}

Result<std::optional<ReaderStatus>> NfcReader::wait_for_change() {
    while (pause()) {
        if (Result<void> looked = look(); !looked) {
            pause_ = std::clamp(pause_ * 2, min_pause, max_pause);
            return tl::make_unexpected(std::move(looked.error()));
        }
        pause_ = look_interval;
        const auto insertion = card_ ? std::optional(insertions_) : std::nullopt;
        if (!std::exchange(given_, true) || insertion != given_insertion_) {
            given_insertion_ = insertion;
            return status();
        }
    }
    return std::nullopt;
}

Result<void> NfcReader::connect() {
    insertion_.reset();
    if (Result<void> looked = look(); !looked) {
        return looked;
    }
    if (!card_) {
        return fail(Fault::present_same_card_again, "no card is on the reader");
    }
    insertion_ = insertions_;
    if (!card_->speaks_apdus) {
        return fail(Fault::set_card_aside, "the card does not speak ISO/IEC 14443-4");
    }
    connected_ = true;
    return {};
}

Result<Bytes> NfcReader::transmit(BytesView apdu) {
    if (!connected_) {
        return fail(Fault::present_same_card_again, "no connection to a card is open");
    }
    Result<Bytes> answer = device_.exchange(apdu);
    exchange_failed_ = !answer;
    return answer;
}

void NfcReader::disconnect(Disposition disposition) {
    if (!std::exchange(connected_, false)) {
        return;
    }
    pause_ = {};
    if (std::exchange(exchange_failed_, false)) {
        lose_device();  // which switches the field off, if it can be reached
    } else if (disposition == Disposition::reset) {
        activated_ = false;
        if (!switch_field_off()) {
            lose_device();
        }
        std::this_thread::sleep_for(field_off_time);
    }
}

}  // namespace card::reader
