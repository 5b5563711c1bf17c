// A card that answers whatever it likes: each conversation ends, within a bounded number of APDUs.
#include "fuzz.hpp"

#include "cardformat/desfire/counter.hpp"
#include "cardformat/desfire/identify.hpp"

using namespace card;
using namespace card::desfire;

namespace {

constexpr int max_apdus = 2000;

class PatternRandom final : public RandomSource {
  public:
    void fill(std::span<std::uint8_t> octets) override {
        for (std::uint8_t& octet : octets) {
            octet = ++next_;
        }
    }

  private:
    std::uint8_t next_ = 0;
};

/// The next answer: a length and that many octets; a card without octets left is gone.
Result<ResponseApdu> next_answer(Input& input) {
    if (input.empty()) {
        return fail(Fault::present_same_card_again, "gone");
    }
    const std::size_t size = input.octet();
    return ResponseApdu::parse(input.take(size == 255 ? std::size_t{300} : size));
}

template <class T>
T drive(Conversation<T> conversation, Input& input) {
    int apdus = 0;
    for (auto command = conversation.start(); command;) {
        require(++apdus < max_apdus);
        require(command->encoded().size() <= smallest_frame_limit.command_data + 6);
        command = conversation.answer(next_answer(input));
    }
    return conversation.take();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    PatternRandom random;
    const std::uint8_t which = input.octet();
    if (which == 1) {
        CardKey key{AesKey(), KeyVersion{1}};
        auto presented = drive(recognise(smallest_frame_limit), input);
        if (!presented) {
            return 0;
        }
        const auto selected = drive(select_pass(*presented, PortPassProfile{}), input);
        if (selected && *selected) {
            (void)drive(read_pass_generation(**selected), input);
            (void)drive(read_as_gate(random, **selected, std::move(key)), input);
        }
        return 0;
    }
    auto sight = drive(identify(smallest_frame_limit), input);
    if (sight) {
        (void)drive(require_blank(random, *sight), input);
    }
    return 0;
}
