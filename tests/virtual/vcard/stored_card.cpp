#include "tests/virtual/vcard/stored_card.hpp"

#include <thread>
#include <utility>

namespace virtual_card {

StoredCard::StoredCard(std::filesystem::path memory_path, const Timing& timing) : timing_(timing) {
    load(std::move(memory_path));
}

void StoredCard::load(std::filesystem::path memory_path) {
    memory_ = load_memory(memory_path);
    memory_path_ = std::move(memory_path);
    card_.emplace(memory_);
}

void StoredCard::trace_to(const std::filesystem::path& file) {
    trace_.exceptions(std::ios::badbit | std::ios::failbit);
    trace_.open(file, std::ios::app);
}

std::optional<Bytes> StoredCard::exchange(ByteView apdu) {
    const Moment arrived = std::chrono::steady_clock::now();
    const CardMemory before = memory_;
    std::optional<Bytes> answer = card_->transceive(apdu);
    const std::uint32_t blocks = memory_ == before ? 0 : blocks_written(before, memory_);
    const auto pause = duration(timing_, apdu.size(), answer ? answer->size() : 0, blocks);
    if (pause.count() > 0) {
        std::this_thread::sleep_for(pause);
    }
    if (memory_ != before) {
        save_memory(memory_, memory_path_);
    }
    if (trace_.is_open()) {
        last_ = Exchanged{
            {apdu.begin(), apdu.end()}, answer, arrived, std::chrono::steady_clock::now()};
    }
    return answer;
}

void StoredCard::trace_last() {
    if (!last_) {
        return;
    }
    const auto microseconds = [](Moment moment) {
        return std::chrono::duration_cast<std::chrono::microseconds>(moment.time_since_epoch())
            .count();
    };
    trace_ << to_hex(last_->command) << ' ' << (last_->answer ? to_hex(*last_->answer) : "-") << ' '
           << microseconds(last_->arrived) << ' ' << microseconds(last_->answered) << std::endl;
    last_.reset();
}

}  // namespace virtual_card
