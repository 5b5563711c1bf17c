#include "cardformat/desfire/counter.hpp"

namespace card::desfire {
namespace {

/// What GetFileSettings says of a standard or backup file: type, mode, rights (2), size (3).
constexpr std::size_t file_settings_size = 7;

Result<std::uint32_t> size_from_settings(BytesView settings) {
    if (settings.size() != file_settings_size) {
        return fail(Fault::set_card_aside, "GetFileSettings: wrong length");
    }
    const std::uint32_t size = settings[4] | static_cast<std::uint32_t>(settings[5]) << 8U |
                               static_cast<std::uint32_t>(settings[6]) << 16U;
    if (size == 0 || size > max_credential_size) {
        return fail(Fault::set_card_aside, "the pass file has an impossible size");
    }
    return size;
}

/// Selects the application and authenticates; nothing where either is refused.
Conversation<Result<std::optional<Ev2Session>>> enter(RandomSource& random, FrameLimit limit,
                                                      Aid aid, KeyNumber number,
                                                      const AesKey& key) {
    Result<NativeAnswer> selected = co_await send_plain(select_application(aid), limit);
    if (!selected) {
        co_return tl::make_unexpected(std::move(selected.error()));
    }
    if (selected->status == Status::application_not_found) {
        co_return std::nullopt;
    }
    if (selected->status != Status::ok) {
        co_return refused("SelectApplication", selected->status);
    }
    Result<std::optional<Ev2Session>> session = co_await authenticate_ev2_first(random, number, key);
    co_return session;
}

Conversation<Result<Ev2Session>> authenticate(RandomSource& random, KeyNumber number,
                                              const AesKey& key) {
    Result<std::optional<Ev2Session>> session = co_await authenticate_ev2_first(random, number, key);
    if (!session) {
        co_return tl::make_unexpected(std::move(session.error()));
    }
    if (!*session) {
        co_return fail(Fault::set_card_aside, "the card refuses a key that it must have");
    }
    co_return std::move(**session);
}

}  // namespace

Conversation<Result<std::optional<GateReading>>> read_as_gate(RandomSource& random,
                                                              FrameLimit limit,
                                                              PortPassProfile profile,
                                                              CardKey gate_read) {
    Result<std::optional<Ev2Session>> gate =
        co_await enter(random, limit, profile.aid, gate_read_number, gate_read.key);
    if (!gate) {
        co_return tl::make_unexpected(std::move(gate.error()));
    }
    if (!*gate) {
        co_return std::nullopt;
    }
    const FileSpec state_file = PortPassProfile::state_file();
    Result<Bytes> settings = co_await require_secured(
        "GetFileSettings of the pass", **gate, get_file_settings(FileNumber{1}), limit);
    if (!settings) {
        co_return tl::make_unexpected(std::move(settings.error()));
    }
    const Result<std::uint32_t> size = size_from_settings(*settings);
    if (!size) {
        co_return tl::make_unexpected(size.error());
    }
    Result<Bytes> pass = co_await require_secured(
        "ReadData of the pass", **gate, read_data(PortPassProfile::pass_file(*size), *size), limit);
    if (!pass) {
        co_return tl::make_unexpected(std::move(pass.error()));
    }
    Result<Bytes> state = co_await require_secured("ReadData of the state", **gate,
                                                   read_data(state_file, state_file_size), limit);
    if (!state) {
        co_return tl::make_unexpected(std::move(state.error()));
    }
    co_return GateReading{std::move(*pass), std::move(*state)};
}

Conversation<Result<void>> change_state(RandomSource& random, FrameLimit limit, CardUid uid,
                                        WriteAhead record, StateChange change) {
    if (uid != record.uid()) {
        co_return fail(Fault::report_defect, "the durable record names another card");
    }
    const FileSpec state_file = PortPassProfile::state_file();
    Result<std::optional<Ev2Session>> update = co_await enter(
        random, limit, change.profile.aid, station_update_number, change.station_update.key);
    if (!update) {
        co_return tl::make_unexpected(std::move(update.error()));
    }
    if (!*update) {
        co_return fail(Fault::set_card_aside, "the card refuses the update key that it must have");
    }
    const Result<Bytes> before = co_await require_secured(
        "ReadData of the state", **update, read_data(state_file, state_file_size), limit);
    if (!before) {
        co_return tl::make_unexpected(before.error());
    }
    if (*before == change.to) {
        co_return Result<void>();
    }
    if (*before != change.from) {
        co_return fail(Fault::set_card_aside, "the card's state is neither the old nor the new one");
    }
    const Result<Bytes> written = co_await require_secured(
        "WriteData of the state", **update, write_data(state_file, change.to), limit);
    if (!written) {
        co_return tl::make_unexpected(written.error());
    }
    const Result<Bytes> committed =
        co_await require_secured("CommitTransaction", **update, commit_transaction(), limit);
    if (!committed) {
        co_return tl::make_unexpected(committed.error());
    }
    Result<Ev2Session> gate =
        co_await authenticate(random, gate_read_number, change.gate_read.key);
    if (!gate) {
        co_return tl::make_unexpected(std::move(gate.error()));
    }
    const Result<Bytes> after = co_await require_secured(
        "ReadData of the state", *gate, read_data(state_file, state_file_size), limit);
    if (!after) {
        co_return tl::make_unexpected(after.error());
    }
    if (*after != change.to) {
        co_return fail(Fault::set_card_aside, "the card does not keep its new state");
    }
    co_return Result<void>();
}

}  // namespace card::desfire
