#include "cardformat/desfire/identify.hpp"

#include "cardformat/crypto/ecdsa.hpp"

namespace card::desfire {
namespace {

constexpr std::uint8_t ev2_hardware_major = 0x12;
/// NXP's originality key of DESFire EV2, an uncompressed point on secp224r1.
constexpr std::string_view ev2_originality_key =
    "04B304DC4C615F5326FE9383DDEC9AA892DF3A57FA7FFB3276192BC0EAA252ED45A865E3B093A3D0DCE5BE29E92F13"
    "92CE7DE321E3E5C52B3A";

}  // namespace

Conversation<Result<CardSight>> identify(FrameLimit limit) {
    Result<Bytes> version_answer = co_await require_plain("GetVersion", get_version(), limit);
    if (!version_answer) {
        co_return tl::make_unexpected(std::move(version_answer.error()));
    }
    Result<VersionInfo> version = parse_version(*version_answer);
    if (!version) {
        co_return tl::make_unexpected(std::move(version.error()));
    }
    if (version->hardware_major != ev2_hardware_major) {
        co_return fail(Fault::use_another_card,
                       "the chip is a DESFire of another generation than EV2");
    }
    Result<Bytes> signature = co_await require_plain("Read_Sig", read_signature(), limit);
    if (!signature) {
        co_return tl::make_unexpected(std::move(signature.error()));
    }
    Result<Bytes> key_version =
        co_await require_plain("GetKeyVersion", get_key_version(picc_master_number), limit);
    if (!key_version || key_version->size() != 1) {
        co_return key_version ? fail(Fault::set_card_aside, "GetKeyVersion: wrong length")
                              : tl::make_unexpected(std::move(key_version.error()));
    }
    Result<Bytes> memory = co_await require_plain("GetFreeMemory", get_free_memory(), limit);
    if (!memory) {
        co_return tl::make_unexpected(std::move(memory.error()));
    }
    Result<std::uint32_t> free_memory = parse_free_memory(*memory);
    if (!free_memory) {
        co_return tl::make_unexpected(std::move(free_memory.error()));
    }
    co_return CardSight{version->uid, *version, std::move(*signature),
                        KeyVersion{key_version->front()}, *free_memory};
}

Conversation<Result<CardUid>> read_uid(FrameLimit limit) {
    Result<Bytes> answer = co_await require_plain("GetVersion", get_version(), limit);
    if (!answer) {
        co_return tl::make_unexpected(std::move(answer.error()));
    }
    Result<VersionInfo> version = parse_version(*answer);
    if (!version) {
        co_return tl::make_unexpected(std::move(version.error()));
    }
    co_return version->uid;
}

bool is_genuine(const CardSight& sight) {
    static const Bytes key = *from_hex(ev2_originality_key);
    return verify_originality(key, sight.uid, sight.originality_signature);
}

Conversation<Result<BlankCard>> require_blank(RandomSource& random, CardSight sight,
                                              FrameLimit limit) {
    if (sight.free_memory < required_free_memory) {
        co_return fail(Fault::use_another_card, "the card has too little free memory");
    }
    Result<std::optional<Ev1Session>> session = co_await authenticate_factory_des(random);
    if (!session) {
        co_return tl::make_unexpected(std::move(session.error()));
    }
    if (!*session) {
        co_return fail(Fault::use_another_card, "the card does not have the factory key");
    }
    const NativeCommand list = get_application_ids();
    Bytes payload = (*session)->protect_plain(list.ins, list.header);
    Result<NativeAnswer> answer = co_await send(list.ins, std::move(payload), limit);
    if (!answer) {
        co_return fail("GetApplicationIDs", answer.error());
    }
    if (answer->status != Status::ok) {
        co_return refused("GetApplicationIDs", answer->status);
    }
    Result<Bytes> applications = (*session)->open_mac(answer->status, answer->data);
    if (!applications) {
        co_return fail("GetApplicationIDs", applications.error());
    }
    if (!applications->empty()) {
        co_return fail(Fault::use_another_card, "the card already has applications");
    }
    co_return BlankCard(std::move(sight), std::move(**session));
}

}  // namespace card::desfire
