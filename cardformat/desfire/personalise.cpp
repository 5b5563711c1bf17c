#include "cardformat/desfire/personalise.hpp"

#include <algorithm>

namespace card::desfire {
namespace {

constexpr KeyVersion factory_version{0x00};
/// ChangeKey of the PICC master key names the new key's type in its number.
constexpr std::uint8_t becomes_aes = 0x80;

AesKey default_key() {
    return {};
}

}  // namespace

/// One presentation of one card. `in_doubt` says that an earlier presentation may have done any
/// part of the work: then every step is probed before it is done.
class Personaliser {
  public:
    Personaliser(RandomSource& random, FrameLimit limit, WriteOrder order, bool in_doubt)
        : random_(random), limit_(limit), order_(std::move(order)), in_doubt_(in_doubt) {}

    /// Steps 3 to 10 on a card whose factory session is still open.
    Conversation<Result<WriteOutcome>> write(BlankCard blank) {
        const Result<void> taken = co_await take_picc(blank.session_);
        if (!taken) {
            co_return tl::make_unexpected(taken.error());
        }
        Result<Ev2Session> picc =
            co_await authenticate(picc_master_number, order_.keys.picc_master);
        if (!picc) {
            co_return tl::make_unexpected(std::move(picc.error()));
        }
        Result<WriteOutcome> outcome = co_await write_application(std::move(*picc));
        co_return outcome;
    }

    /// Finds out how far the PICC key came, then goes on.
    Conversation<Result<WriteOutcome>> resume(CardSight sight) {
        Result<Ev2Session> picc = co_await reclaim_picc(sight.picc_key_version);
        if (!picc) {
            co_return tl::make_unexpected(std::move(picc.error()));
        }
        Result<WriteOutcome> outcome = co_await write_application(std::move(*picc));
        co_return outcome;
    }

  private:
    /// What a stage found: go on, or the application is not ours to continue and must be made anew.
    enum class Stage : std::uint8_t { done, recreate };

    Conversation<Result<Ev2Session>> authenticate(KeyNumber number, const CardKey& key) {
        Result<std::optional<Ev2Session>> session =
            co_await authenticate_ev2_first(random_, number, key.key);
        if (!session) {
            co_return tl::make_unexpected(std::move(session.error()));
        }
        if (!*session) {
            co_return fail(Fault::set_card_aside, "the card refuses a key that was set before");
        }
        co_return std::move(**session);
    }

    /// Step 3: DES of the factory to our AES key, under the factory's session. The answer has no
    /// MAC and the session is gone.
    Conversation<Result<void>> take_picc(Ev1Session& factory) {
        const CardKey& key = order_.keys.picc_master;
        const auto octets = key.key.reveal();
        Bytes data(octets.begin(), octets.end());
        data.push_back(key.version.value);
        const Bytes header{static_cast<std::uint8_t>(picc_master_number.value | becomes_aes)};
        Bytes payload = factory.protect_full(ins::change_key, header, data);
        wipe_octets(data);
        Result<NativeAnswer> answer = co_await send(ins::change_key, std::move(payload), limit_);
        if (!answer) {
            co_return fail("ChangeKey of the PICC master key", answer.error());
        }
        if (answer->status != Status::ok) {
            co_return refused("ChangeKey of the PICC master key", answer->status);
        }
        co_return Result<void>();
    }

    Conversation<Result<Ev2Session>> reclaim_picc(KeyVersion shown) {
        const bool looks_factory = shown == factory_version;
        const std::array<bool, 2> guesses{looks_factory, !looks_factory};
        for (const bool factory : guesses) {
            if (factory) {
                Result<std::optional<Ev1Session>> session =
                    co_await authenticate_factory_des(random_);
                if (!session) {
                    co_return tl::make_unexpected(std::move(session.error()));
                }
                if (*session) {
                    const Result<void> taken = co_await take_picc(**session);
                    if (!taken) {
                        co_return tl::make_unexpected(taken.error());
                    }
                    Result<Ev2Session> outcome =
                        co_await authenticate(picc_master_number, order_.keys.picc_master);
                    co_return outcome;
                }
                continue;
            }
            Result<std::optional<Ev2Session>> session = co_await authenticate_ev2_first(
                random_, picc_master_number, order_.keys.picc_master.key);
            if (!session) {
                co_return tl::make_unexpected(std::move(session.error()));
            }
            if (*session) {
                co_return std::move(**session);
            }
        }
        co_return fail(Fault::set_card_aside,
                       "the card has neither the factory's PICC key nor the one recorded");
    }

    /// Steps 4 to 10 under the PICC key; makes the application anew once where it cannot go on.
    Conversation<Result<WriteOutcome>> write_application(Ev2Session first_picc) {
        std::optional<Ev2Session> picc(std::move(first_picc));
        for (int tries = 0; tries < 2; ++tries) {
            Result<void> created = co_await create_application(*picc);
            if (!created) {
                co_return tl::make_unexpected(std::move(created.error()));
            }
            Result<Stage> stage = co_await fill_application();
            if (!stage) {
                co_return tl::make_unexpected(std::move(stage.error()));
            }
            if (*stage == Stage::done) {
                Result<WriteOutcome> outcome = co_await check_as_gate();
                co_return outcome;
            }
            Result<Ev2Session> again = co_await delete_application_and_stay();
            if (!again) {
                co_return tl::make_unexpected(std::move(again.error()));
            }
            picc.emplace(std::move(*again));
        }
        co_return fail(Fault::set_card_aside, "a new application is refused as the one before");
    }

    /// Step 4. Settings may be set again; an application that exists is found out by creating it.
    Conversation<Result<void>> create_application(Ev2Session& picc) {
        const Result<Bytes> settings = co_await require_secured(
            "ChangeKeySettings", picc, change_key_settings(locked_settings), limit_);
        if (!settings) {
            co_return tl::make_unexpected(settings.error());
        }
        Result<NativeAnswer> created = co_await send_secured(
            picc,
            create_aes_application(order_.profile.aid, locked_settings, application_key_count),
            limit_);
        if (!created) {
            co_return fail("CreateApplication", created.error());
        }
        const bool exists = in_doubt_ && created->status == Status::duplicate_error;
        if (created->status != Status::ok && !exists) {
            co_return refused("CreateApplication", created->status);
        }
        const Result<Bytes> selected = co_await require_plain(
            "SelectApplication", select_application(order_.profile.aid), limit_);
        co_return selected.map([](const Bytes&) {});
    }

    /// Steps 5 to 9, inside the application.
    Conversation<Result<Stage>> fill_application() {
        Result<std::optional<Ev2Session>> master = co_await take_master_key();
        if (!master) {
            co_return tl::make_unexpected(std::move(master.error()));
        }
        if (!*master) {
            co_return Stage::recreate;
        }
        Result<Stage> keys = co_await set_other_keys(**master);
        if (!keys || *keys == Stage::recreate) {
            co_return keys;
        }
        Result<Stage> files = co_await create_files(**master);
        if (!files || *files == Stage::recreate) {
            co_return files;
        }
        Result<Stage> outcome = co_await write_files();
        co_return outcome;
    }

    /// Step 5 and the proof of step 6: key 0 is ours and the session stands under it. Nothing where
    /// the card knows neither the default key nor ours.
    Conversation<Result<std::optional<Ev2Session>>> take_master_key() {
        const CardKey& ours = order_.keys.application_master;
        KeyVersion shown = factory_version;
        if (in_doubt_) {
            const Result<Bytes> version = co_await require_plain(
                "GetKeyVersion", get_key_version(application_master_number), limit_);
            if (!version || version->size() != 1) {
                co_return version ? fail(Fault::set_card_aside, "GetKeyVersion: wrong length")
                                  : tl::make_unexpected(version.error());
            }
            shown = KeyVersion{version->front()};
        }
        const bool looks_default = shown == factory_version;
        const std::array<bool, 2> guesses{looks_default, !looks_default};
        for (const bool by_default : guesses) {
            if (by_default != looks_default && !in_doubt_) {
                break;
            }
            const AesKey guess = by_default ? default_key() : ours.key.duplicate();
            Result<std::optional<Ev2Session>> session =
                co_await authenticate_ev2_first(random_, application_master_number, guess);
            if (!session || (*session && !by_default)) {
                co_return session;
            }
            if (!*session) {
                continue;
            }
            Result<NativeAnswer> changed = co_await send_change_of_own_key(**session, ours);
            if (!changed) {
                co_return tl::make_unexpected(std::move(changed.error()));
            }
            Result<Ev2Session> proven = co_await authenticate(application_master_number, ours);
            if (!proven) {
                co_return tl::make_unexpected(std::move(proven.error()));
            }
            co_return std::move(*proven);
        }
        co_return std::nullopt;
    }

    Conversation<Result<NativeAnswer>> send_change_of_own_key(Ev2Session& session,
                                                              const CardKey& fresh) {
        const NativeCommand change =
            change_own_key(application_master_number, fresh.key, fresh.version);
        Bytes payload = session.protect(change.ins, change.header, change.data, change.mode);
        Result<NativeAnswer> answer = co_await send(change.ins, std::move(payload), limit_);
        if (!answer) {
            co_return fail("ChangeKey of the application master key", answer.error());
        }
        if (answer->status != Status::ok) {
            co_return refused("ChangeKey of the application master key", answer->status);
        }
        co_return answer;
    }

    /// Step 6: keys 1 and 2 under the master key.
    Conversation<Result<Stage>> set_other_keys(Ev2Session& master) {
        const std::array<std::pair<KeyNumber, const CardKey*>, 2> keys{
            {{gate_read_number, &order_.keys.gate_read},
             {station_update_number, &order_.keys.station_update}}};
        for (const auto& [number, key] : keys) {
            KeyVersion shown = factory_version;
            if (in_doubt_) {
                const Result<Bytes> version = co_await require_secured(
                    "GetKeyVersion", master, get_key_version(number), limit_);
                if (!version || version->size() != 1) {
                    co_return version ? fail(Fault::set_card_aside, "GetKeyVersion: wrong length")
                                      : tl::make_unexpected(version.error());
                }
                shown = KeyVersion{version->front()};
            }
            if (shown == key->version) {
                continue;
            }
            if (shown != factory_version) {
                co_return Stage::recreate;
            }
            const Result<Bytes> changed = co_await require_secured(
                "ChangeKey", master,
                change_other_key(number, default_key(), key->key, key->version), limit_);
            if (!changed) {
                co_return tl::make_unexpected(changed.error());
            }
        }
        co_return Stage::done;
    }

    /// Step 7. A file that is there must be exactly the one that would be made.
    Conversation<Result<Stage>> create_files(Ev2Session& master) {
        Bytes present;
        if (in_doubt_) {
            Result<Bytes> listed =
                co_await require_secured("GetFileIDs", master, get_file_ids(), limit_);
            if (!listed) {
                co_return tl::make_unexpected(std::move(listed.error()));
            }
            present = std::move(*listed);
        }
        const std::array<FileSpec, 2> specs{pass_file(), PortPassProfile::state_file()};
        for (const FileSpec& spec : specs) {
            if (std::find(present.begin(), present.end(), spec.number.value) == present.end()) {
                const Result<Bytes> created =
                    co_await require_secured("CreateFile", master, create_file(spec), limit_);
                if (!created) {
                    co_return tl::make_unexpected(created.error());
                }
                continue;
            }
            const Result<Bytes> settings = co_await require_secured(
                "GetFileSettings", master, get_file_settings(spec.number), limit_);
            if (!settings) {
                co_return tl::make_unexpected(settings.error());
            }
            if (*settings != spec.settings()) {
                co_return Stage::recreate;
            }
        }
        co_return Stage::done;
    }

    /// Steps 8 and 9, under the update key: both files, then the commit that makes the card `made`.
    Conversation<Result<Stage>> write_files() {
        Result<std::optional<Ev2Session>> update = co_await authenticate_ev2_first(
            random_, station_update_number, order_.keys.station_update.key);
        if (!update) {
            co_return tl::make_unexpected(std::move(update.error()));
        }
        if (!*update) {
            co_return Stage::recreate;
        }
        const FileSpec state = PortPassProfile::state_file();
        if (in_doubt_) {
            const Result<Bytes> committed = co_await require_secured(
                "ReadData of the state", **update, read_data(state, state_file_size), limit_);
            if (!committed) {
                co_return tl::make_unexpected(committed.error());
            }
            if (*committed == order_.state) {
                co_return Stage::done;
            }
        }
        const Result<Bytes> pass = co_await require_secured(
            "WriteData of the pass", **update, write_data(pass_file(), order_.credential), limit_);
        if (!pass) {
            co_return tl::make_unexpected(pass.error());
        }
        const Result<Bytes> marked = co_await require_secured(
            "WriteData of the state", **update, write_data(state, order_.state), limit_);
        if (!marked) {
            co_return tl::make_unexpected(marked.error());
        }
        const Result<Bytes> committed =
            co_await require_secured("CommitTransaction", **update, commit_transaction(), limit_);
        if (!committed) {
            co_return tl::make_unexpected(committed.error());
        }
        co_return Stage::done;
    }

    /// Step 10: what a gate will see, octet for octet.
    Conversation<Result<WriteOutcome>> check_as_gate() {
        Result<Ev2Session> gate = co_await authenticate(gate_read_number, order_.keys.gate_read);
        if (!gate) {
            co_return tl::make_unexpected(std::move(gate.error()));
        }
        const auto size = static_cast<std::uint32_t>(order_.credential.size());
        const Result<Bytes> pass = co_await require_secured("ReadData of the pass", *gate,
                                                            read_data(pass_file(), size), limit_);
        if (!pass) {
            co_return tl::make_unexpected(pass.error());
        }
        const FileSpec state_file = PortPassProfile::state_file();
        const Result<Bytes> state = co_await require_secured(
            "ReadData of the state", *gate, read_data(state_file, state_file_size), limit_);
        if (!state) {
            co_return tl::make_unexpected(state.error());
        }
        if (*pass == order_.credential && *state == order_.state) {
            co_return WriteOutcome::verified;
        }
        const Result<Ev2Session> erased = co_await delete_application_and_stay();
        if (!erased) {
            co_return tl::make_unexpected(erased.error());
        }
        co_return WriteOutcome::erased;
    }

    Conversation<Result<Ev2Session>> delete_application_and_stay() {
        const Result<Bytes> selected = co_await require_plain(
            "SelectApplication of the PICC", select_application(picc_level), limit_);
        if (!selected) {
            co_return tl::make_unexpected(selected.error());
        }
        Result<Ev2Session> picc =
            co_await authenticate(picc_master_number, order_.keys.picc_master);
        if (!picc) {
            co_return picc;
        }
        const Result<Bytes> deleted = co_await require_secured(
            "DeleteApplication", *picc, delete_application(order_.profile.aid), limit_);
        if (!deleted) {
            co_return tl::make_unexpected(deleted.error());
        }
        co_return picc;
    }

    [[nodiscard]] FileSpec pass_file() const {
        return PortPassProfile::pass_file(static_cast<std::uint32_t>(order_.credential.size()));
    }

    RandomSource& random_;
    FrameLimit limit_;
    WriteOrder order_;
    bool in_doubt_;
};

namespace {

Result<void> fits(const CardSight& sight, const WriteAhead& record, const WriteOrder& order) {
    if (sight.uid != record.uid()) {
        return fail(Fault::report_defect, "the durable record names another card");
    }
    if (order.credential.empty() || order.credential.size() > max_credential_size ||
        order.state.size() != state_file_size) {
        return fail(Fault::report_defect, "the order's files do not fit the profile");
    }
    return {};
}

}  // namespace

Conversation<Result<WriteOutcome>> personalise(RandomSource& random, FrameLimit limit,
                                               BlankCard blank, WriteAhead record,
                                               WriteOrder order) {
    const Result<void> checked = fits(blank.sight(), record, order);
    if (!checked) {
        co_return tl::make_unexpected(checked.error());
    }
    Personaliser personaliser(random, limit, std::move(order), false);
    Result<WriteOutcome> outcome = co_await personaliser.write(std::move(blank));
    co_return outcome;
}

Conversation<Result<WriteOutcome>> resume_personalisation(RandomSource& random, FrameLimit limit,
                                                          CardSight sight, WriteAhead record,
                                                          WriteOrder order) {
    const Result<void> checked = fits(sight, record, order);
    if (!checked) {
        co_return tl::make_unexpected(checked.error());
    }
    Personaliser personaliser(random, limit, std::move(order), true);
    Result<WriteOutcome> outcome = co_await personaliser.resume(std::move(sight));
    co_return outcome;
}

}  // namespace card::desfire
