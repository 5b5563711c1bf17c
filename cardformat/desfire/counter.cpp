#include "cardformat/desfire/counter.hpp"

namespace card::desfire {
namespace {

/// ReadData with length 0 reads to the end of the file: the gate key may not ask for its size.
constexpr std::uint32_t whole_file = 0;

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
    Result<std::optional<Ev2Session>> session =
        co_await authenticate_ev2_first(random, number, key);
    co_return session;
}

Conversation<Result<Ev2Session>> authenticate(RandomSource& random, KeyNumber number,
                                              const AesKey& key) {
    Result<std::optional<Ev2Session>> session =
        co_await authenticate_ev2_first(random, number, key);
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
    Result<Bytes> pass = co_await require_secured(
        "ReadData of the pass", **gate,
        read_data(PortPassProfile::pass_file(max_credential_size), whole_file), limit);
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
        co_return fail(Fault::set_card_aside,
                       "the card's state is neither the old nor the new one");
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
    Result<Ev2Session> gate = co_await authenticate(random, gate_read_number, change.gate_read.key);
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
