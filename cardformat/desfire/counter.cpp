#include "cardformat/desfire/counter.hpp"

namespace card::desfire {
namespace {

/// ReadData with length 0 reads to the end of the file: the gate key may not ask for its size.
constexpr std::uint32_t whole_file = 0;

}  // namespace

Conversation<Result<std::optional<SelectedPass>>> select_pass(PresentedChip presented,
                                                              PortPassProfile profile) {
    const Result<NativeAnswer> selected =
        co_await send_plain(select_application(profile.aid), presented.limit);
    if (!selected) {
        co_return tl::make_unexpected(selected.error());
    }
    if (selected->status == Status::application_not_found) {
        co_return std::nullopt;
    }
    if (selected->status != Status::ok) {
        co_return refused("SelectApplication", selected->status);
    }
    co_return SelectedPass(presented);
}

Conversation<Result<KeyVersion>> read_pass_generation(SelectedPass pass) {
    return read_key_version(gate_read_number, pass.presented().limit);
}

Conversation<Result<std::optional<GateReading>>> read_as_gate(RandomSource& random,
                                                              SelectedPass pass,
                                                              CardKey gate_read) {
    const PresentedChip presented = pass.presented();
    Result<std::optional<Session>> gate =
        co_await authenticate(random, presented.chip->messaging, gate_read_number, gate_read.key);
    if (!gate) {
        co_return tl::make_unexpected(std::move(gate.error()));
    }
    if (!*gate) {
        co_return std::nullopt;
    }
    const FrameLimit limit = presented.limit;
    const FileSpec state_file = PortPassProfile::state_file();
    Result<Bytes> credential = co_await require_secured(
        "ReadData of the pass", **gate,
        read_data(PortPassProfile::pass_file(max_credential_size), whole_file), limit);
    if (!credential) {
        co_return tl::make_unexpected(std::move(credential.error()));
    }
    Result<Bytes> state = co_await require_secured("ReadData of the state", **gate,
                                                   read_data(state_file, state_file_size), limit);
    if (!state) {
        co_return tl::make_unexpected(std::move(state.error()));
    }
    co_return GateReading{std::move(*credential), std::move(*state)};
}

Conversation<Result<void>> change_state(RandomSource& random, SelectedPass pass, WriteAhead record,
                                        StateChange change) {
    const PresentedChip presented = pass.presented();
    if (presented.uid != record.uid()) {
        co_return fail(Fault::report_defect, "the durable record names another card");
    }
    const FrameLimit limit = presented.limit;
    const FileSpec state_file = PortPassProfile::state_file();
    Result<Session> update = co_await require_authentication(
        random, presented.chip->messaging, station_update_number, change.station_update.key);
    if (!update) {
        co_return tl::make_unexpected(std::move(update.error()));
    }
    const Result<Bytes> before = co_await require_secured(
        "ReadData of the state", *update, read_data(state_file, state_file_size), limit);
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
        "WriteData of the state", *update, write_data(state_file, change.to), limit);
    if (!written) {
        co_return tl::make_unexpected(written.error());
    }
    const Result<Bytes> committed =
        co_await require_secured("CommitTransaction", *update, commit_transaction(), limit);
    if (!committed) {
        co_return tl::make_unexpected(committed.error());
    }
    Result<Session> gate = co_await require_authentication(random, presented.chip->messaging,
                                                           gate_read_number, change.gate_read.key);
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
