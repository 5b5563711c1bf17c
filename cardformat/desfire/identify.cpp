#include "cardformat/desfire/identify.hpp"

namespace card::desfire {
namespace {

/// Nothing where the chip does not know the command, as an EV1 may not.
Conversation<Result<Bytes>> read_originality_signature(FrameLimit limit) {
    Result<NativeAnswer> answer = co_await send_plain(read_signature(), limit);
    if (!answer) {
        co_return fail("Read_Sig", answer.error());
    }
    if (answer->status == Status::illegal_command) {
        co_return Bytes();
    }
    if (answer->status != Status::signature_ok) {
        co_return refused("Read_Sig", answer->status);
    }
    co_return std::move(answer->data);
}

/// A chip that rolled back an interrupted write says so once, to whatever comes first.
Conversation<Result<Bytes>> version_of(FrameLimit limit) {
    Result<NativeAnswer> answer = co_await send_plain(get_version(), limit);
    if (answer && answer->status == Status::eeprom_error) {
        answer = co_await send_plain(get_version(), limit);
    }
    if (!answer) {
        co_return fail("GetVersion", answer.error());
    }
    if (answer->status != Status::ok) {
        co_return refused("GetVersion", answer->status);
    }
    co_return std::move(answer->data);
}

}  // namespace

Conversation<Result<PresentedChip>> recognise(FrameLimit reader) {
    const FrameLimit cautious = std::min(reader, smallest_frame_limit);
    Result<Bytes> answer = co_await version_of(cautious);
    if (!answer) {
        co_return tl::make_unexpected(std::move(answer.error()));
    }
    Result<VersionInfo> version = parse_version(*answer);
    if (!version) {
        co_return tl::make_unexpected(std::move(version.error()));
    }
    const Chip* const chip = chip_of(*version);
    if (chip == nullptr) {
        co_return fail(Fault::use_another_card, "the chip is none of DESFire EV1, EV2 and EV3");
    }
    co_return PresentedChip{version->uid, chip,
                            std::min(FrameLimit::of_frame(chip->frame_size), reader)};
}

Conversation<Result<CardSight>> identify(FrameLimit reader) {
    Result<PresentedChip> presented = co_await recognise(reader);
    if (!presented) {
        co_return tl::make_unexpected(std::move(presented.error()));
    }
    const FrameLimit limit = presented->limit;
    Result<Bytes> signature = co_await read_originality_signature(limit);
    if (!signature) {
        co_return tl::make_unexpected(std::move(signature.error()));
    }
    Result<KeyVersion> key_version = co_await read_key_version(picc_master_number, limit);
    if (!key_version) {
        co_return tl::make_unexpected(std::move(key_version.error()));
    }
    Result<Bytes> memory = co_await require_plain("GetFreeMemory", get_free_memory(), limit);
    if (!memory) {
        co_return tl::make_unexpected(std::move(memory.error()));
    }
    Result<std::uint32_t> free_memory = parse_free_memory(*memory);
    if (!free_memory) {
        co_return tl::make_unexpected(std::move(free_memory.error()));
    }
    const Originality originality = judge_originality(*presented->chip, presented->uid, *signature);
    co_return CardSight{*presented, originality, *key_version, *free_memory};
}

Conversation<Result<BlankCard>> require_blank(RandomSource& random, CardSight sight) {
    if (sight.free_memory < required_free_memory) {
        co_return fail(Fault::use_another_card, "the card has too little free memory");
    }
    Result<std::optional<Ev1Session>> factory = co_await authenticate_factory_des(random);
    if (!factory) {
        co_return tl::make_unexpected(std::move(factory.error()));
    }
    if (!*factory) {
        co_return fail(Fault::use_another_card, "the card does not have the factory key");
    }
    Session session(std::move(**factory));
    const Result<Bytes> applications = co_await require_secured(
        "GetApplicationIDs", session, get_application_ids(), sight.presented.limit);
    if (!applications) {
        co_return tl::make_unexpected(applications.error());
    }
    if (!applications->empty()) {
        co_return fail(Fault::use_another_card, "the card already has applications");
    }
    co_return BlankCard(sight, std::move(session));
}

}  // namespace card::desfire
