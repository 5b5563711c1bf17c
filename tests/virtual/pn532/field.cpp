#include "tests/virtual/pn532/field.hpp"

namespace virtual_card {

void Field::remove() {
    present_ = false;
    stored_.card().deactivate();
}

std::string Field::state() const {
    const Card& card = stored_.card();
    return std::string(present_ ? "present" : "absent") +
           " active=" + (card.active() ? "yes" : "no") + " apdus=" + std::to_string(card.apdus()) +
           " uid=" + to_hex(stored_.memory().uid);
}

bool Field::activate() {
    if (present_) {
        stored_.card().activate();
    }
    return present_;
}

std::optional<Bytes> Field::exchange(ByteView apdu) {
    if (!active()) {
        return std::nullopt;
    }
    std::optional<Bytes> answer = stored_.exchange(apdu);
    if (!answer) {
        remove();
    }
    return answer;
}

}  // namespace virtual_card
