#include "tests/virtual/pn532/field.hpp"

#include <utility>

namespace virtual_card {

void Field::remove() {
    present_ = false;
    card_->deactivate();
}

void Field::load(std::filesystem::path memory_path) {
    memory_ = load_memory(memory_path);
    memory_path_ = std::move(memory_path);
    card_.emplace(memory_);
}

std::string Field::state() const {
    return std::string(present_ ? "present" : "absent") +
           " active=" + (card_->active() ? "yes" : "no") +
           " apdus=" + std::to_string(card_->apdus()) + " uid=" + to_hex(memory_.uid);
}

bool Field::activate() {
    if (present_) {
        card_->activate();
    }
    return present_;
}

std::optional<Bytes> Field::exchange(ByteView apdu) {
    if (!active()) {
        return std::nullopt;
    }
    const CardMemory before = memory_;
    std::optional<Bytes> answer = card_->transceive(apdu);
    if (memory_ != before) {
        save_memory(memory_, memory_path_);
    }
    if (!answer) {
        remove();
    }
    return answer;
}

}  // namespace virtual_card
