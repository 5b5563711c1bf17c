#include "cardformat/credential/state_file.hpp"

namespace card {
namespace {

constexpr std::uint8_t format = 0x01;
constexpr std::size_t hash_size = 24;

}  // namespace

Bytes encode_state_file(LifeState state, BytesView credential) {
    const Sha256 digest = sha256(credential);
    Bytes file{format, static_cast<std::uint8_t>(state)};
    append(file, BytesView(digest).first(hash_size));
    return file;
}

Result<LifeState> read_state_file(BytesView file, BytesView credential) {
    for (const LifeState state :
         {LifeState::made, LifeState::active, LifeState::retired, LifeState::voided}) {
        if (equal_in_constant_time(file, encode_state_file(state, credential))) {
            return state;
        }
    }
    return fail(Fault::set_card_aside, "the state file does not belong to the pass file");
}

}  // namespace card
