#include "cardformat/desfire/personalise.hpp"

#include <algorithm>

namespace card::desfire {
namespace {

constexpr KeyVersion factory_version{0x00};

AesKey default_key() {
    return {};
}

}  // namespace

/// One presentation of one card. `in_doubt` says that an earlier presentation may have done any
/// part of the work: then every step is probed before it is done.
class Personaliser {
  public:
    Personaliser(RandomSource& random, PresentedChip presented, WriteOrder order, bool in_doubt)
        : random_(random),
          limit_(presented.limit),
          messaging_(presented.chip->messaging),
          order_(std::move(order)),
          in_doubt_(in_doubt) {}

    /// Steps 3 to 10 on a card whose factory session is still open.
    Conversation<Result<WriteOutcome>> write(BlankCard blank) {
        Result<Session> picc = co_await take_picc(std::move(blank.session_));
        if (!picc) {
            co_return tl::make_unexpected(std::move(picc.error()));
        }
        Result<WriteOutcome> outcome = co_await write_application(std::move(*picc));
        co_return outcome;
    }

    /// Finds out how far the PICC key came, then goes on.
    Conversation<Result<WriteOutcome>> resume(KeyVersion shown) {
        Result<Session> picc = co_await reclaim_picc(shown);
        if (!picc) {
            co_return tl::make_unexpected(std::move(picc.error()));
        }
        Result<WriteOutcome> outcome = co_await write_application(std::move(*picc));
        co_return outcome;
    }

  private:
    /// What a stage found: go on, or the application is not ours to continue and must be made anew,
    /// or a card that was written before has no room left, which only formatting gives back.
    enum class Stage : std::uint8_t { done, recreate, no_room };

    Conversation<Result<std::optional<Session>>> try_key(KeyNumber number, const AesKey& key) {
        return authenticate(random_, messaging_, number, key);
    }
    Conversation<Result<Session>> require_key(KeyNumber number, const CardKey& key) {
        return require_authentication(random_, messaging_, number, key.key);
    }

    /// Step 3: DES of the factory to our AES key, and the proof that it is set.
    Conversation<Result<Session>> take_picc(Session factory) {
        const CardKey& ours = order_.keys.picc_master;
        const Result<void> changed =
            co_await change_key_of_session("ChangeKey of the PICC master key", std::move(factory),
                                           change_picc_key_to_aes(ours.key, ours.version), limit_);
        if (!changed) {
            co_return tl::make_unexpected(changed.error());
        }
        Result<Session> proven = co_await require_key(picc_master_number, ours);
        co_return proven;
    }

    /// Step 3 on a card that may still have the factory's key; nothing where it has not.
    Conversation<Result<std::optional<Session>>> take_factory_picc() {
        Result<std::optional<Ev1Session>> factory = co_await authenticate_factory_des(random_);
        if (!factory) {
            co_return tl::make_unexpected(std::move(factory.error()));
        }
        if (!*factory) {
            co_return std::nullopt;
        }
        Session session(std::move(**factory));
        Result<Session> taken = co_await take_picc(std::move(session));
        if (!taken) {
            co_return tl::make_unexpected(std::move(taken.error()));
        }
        co_return std::move(*taken);
    }

    Conversation<Result<Session>> reclaim_picc(KeyVersion shown) {
        const bool looks_factory = shown == factory_version;
        const std::array<bool, 2> guesses{looks_factory, !looks_factory};
        for (const bool factory : guesses) {
            Conversation<Result<std::optional<Session>>> guess =
                factory ? take_factory_picc()
                        : try_key(picc_master_number, order_.keys.picc_master.key);
            Result<std::optional<Session>> session = co_await guess;
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

    /// Steps 4 to 10 under the PICC key; makes the application anew where it cannot go on.
    Conversation<Result<WriteOutcome>> write_application(Session first_picc) {
        constexpr int tries = 3;
        std::optional<Session> picc(std::move(first_picc));
        for (int i = 0; i < tries; ++i) {
            Result<Stage> stage = co_await create_and_fill(*picc);
            if (!stage) {
                co_return tl::make_unexpected(std::move(stage.error()));
            }
            if (*stage == Stage::done) {
                Result<WriteOutcome> outcome = co_await check_as_gate();
                co_return outcome;
            }
            const NativeCommand clearing =
                *stage == Stage::no_room ? format_picc() : delete_application(order_.profile.aid);
            Result<Session> again = co_await clear_and_stay(clearing);
            if (!again) {
                co_return tl::make_unexpected(std::move(again.error()));
            }
            picc.emplace(std::move(*again));
        }
        co_return fail(Fault::set_card_aside, "a new application is refused as the one before");
    }

    Conversation<Result<Stage>> create_and_fill(Session& picc) {
        Result<Stage> created = co_await create_application(picc);
        if (!created || *created != Stage::done) {
            co_return created;
        }
        Result<Stage> filled = co_await fill_application();
        co_return filled;
    }

    /// Step 4. Settings may be set again; an application that exists is found out by creating it.
    Conversation<Result<Stage>> create_application(Session& picc) {
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
        if (in_doubt_ && created->status == Status::out_of_eeprom) {
            co_return Stage::no_room;
        }
        const bool exists = in_doubt_ && created->status == Status::duplicate_error;
        if (created->status != Status::ok && !exists) {
            co_return refused("CreateApplication", created->status);
        }
        const Result<Bytes> selected = co_await require_plain(
            "SelectApplication", select_application(order_.profile.aid), limit_);
        co_return selected.map([](const Bytes&) { return Stage::done; });
    }

    /// Steps 5 to 9, inside the application.
    Conversation<Result<Stage>> fill_application() {
        Result<std::optional<Session>> master = co_await take_master_key();
        if (!master) {
            co_return tl::make_unexpected(std::move(master.error()));
        }
        if (!*master) {
            co_return Stage::recreate;
        }
        Result<Stage> keys = co_await set_other_keys(**master);
        if (!keys || *keys != Stage::done) {
            co_return keys;
        }
        Result<Stage> files = co_await create_files(**master);
        if (!files || *files != Stage::done) {
            co_return files;
        }
        Result<Stage> outcome = co_await write_files(**master);
        co_return outcome;
    }

    /// Step 5 and the proof of step 6: key 0 is ours and the session stands under it. Nothing where
    /// the card knows neither the default key nor ours.
    Conversation<Result<std::optional<Session>>> take_master_key() {
        const CardKey& ours = order_.keys.application_master;
        KeyVersion shown = factory_version;
        if (in_doubt_) {
            const Result<KeyVersion> version =
                co_await read_key_version(application_master_number, limit_);
            if (!version) {
                co_return tl::make_unexpected(version.error());
            }
            shown = *version;
        }
        const bool looks_default = shown == factory_version;
        const std::array<bool, 2> guesses{looks_default, !looks_default};
        for (const bool by_default : guesses) {
            if (by_default != looks_default && !in_doubt_) {
                break;
            }
            const AesKey guess = by_default ? default_key() : ours.key.duplicate();
            Result<std::optional<Session>> session =
                co_await try_key(application_master_number, guess);
            if (!session || (*session && !by_default)) {
                co_return session;
            }
            if (!*session) {
                continue;
            }
            const Result<void> changed = co_await change_key_of_session(
                "ChangeKey of the application master key", std::move(**session),
                change_own_key(application_master_number, ours.key, ours.version), limit_);
            if (!changed) {
                co_return tl::make_unexpected(changed.error());
            }
            Result<Session> proven = co_await require_key(application_master_number, ours);
            if (!proven) {
                co_return tl::make_unexpected(std::move(proven.error()));
            }
            co_return std::move(*proven);
        }
        co_return std::nullopt;
    }

    /// Step 6: keys 1 and 2 under the master key.
    Conversation<Result<Stage>> set_other_keys(Session& master) {
        const std::array<std::pair<KeyNumber, const CardKey*>, 2> keys{
            {{gate_read_number, &order_.keys.gate_read},
             {station_update_number, &order_.keys.station_update}}};
        for (const auto& [number, key] : keys) {
            KeyVersion shown = factory_version;
            if (in_doubt_) {
                const Result<Bytes> answer = co_await require_secured(
                    "GetKeyVersion", master, get_key_version(number), limit_);
                const Result<KeyVersion> version = answer.and_then(parse_key_version);
                if (!version) {
                    co_return tl::make_unexpected(version.error());
                }
                shown = *version;
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
    Conversation<Result<Stage>> create_files(Session& master) {
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
                const Result<NativeAnswer> created =
                    co_await send_secured(master, create_file(spec), limit_);
                if (!created) {
                    co_return fail("CreateFile", created.error());
                }
                if (in_doubt_ && created->status == Status::out_of_eeprom) {
                    co_return Stage::no_room;
                }
                if (created->status != Status::ok) {
                    co_return refused("CreateFile", created->status);
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
    Conversation<Result<Stage>> write_files(const Session& master) {
        Result<std::optional<Session>> update = co_await authenticate_next(
            random_, master, station_update_number, order_.keys.station_update.key);
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
        Result<Session> gate = co_await require_key(gate_read_number, order_.keys.gate_read);
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
        const Result<Session> erased =
            co_await clear_and_stay(delete_application(order_.profile.aid));
        if (!erased) {
            co_return tl::make_unexpected(erased.error());
        }
        co_return WriteOutcome::erased;
    }

    /// Sends DeleteApplication or FormatPICC under the PICC key, and stays there.
    Conversation<Result<Session>> clear_and_stay(NativeCommand clearing) {
        const Result<Bytes> selected = co_await require_plain(
            "SelectApplication of the PICC", select_application(picc_level), limit_);
        if (!selected) {
            co_return tl::make_unexpected(selected.error());
        }
        Result<Session> picc = co_await require_key(picc_master_number, order_.keys.picc_master);
        if (!picc) {
            co_return picc;
        }
        const Result<Bytes> cleared = co_await require_secured("removal of the application", *picc,
                                                               std::move(clearing), limit_);
        if (!cleared) {
            co_return tl::make_unexpected(cleared.error());
        }
        co_return picc;
    }

    [[nodiscard]] FileSpec pass_file() const {
        return PortPassProfile::pass_file(static_cast<std::uint32_t>(order_.credential.size()));
    }

    RandomSource& random_;
    FrameLimit limit_;
    Messaging messaging_;
    WriteOrder order_;
    bool in_doubt_;
};

namespace {

Result<void> fits(const CardSight& sight, const WriteAhead& record, const WriteOrder& order) {
    if (sight.presented.uid != record.uid()) {
        return fail(Fault::report_defect, "the durable record names another card");
    }
    if (order.credential.empty() || order.credential.size() > max_credential_size ||
        order.state.size() != state_file_size) {
        return fail(Fault::report_defect, "the order's files do not fit the profile");
    }
    return {};
}

}  // namespace

Conversation<Result<WriteOutcome>> personalise(RandomSource& random, BlankCard blank,
                                               WriteAhead record, WriteOrder order) {
    const CardSight& sight = blank.sight();
    const Result<void> checked = fits(sight, record, order);
    if (!checked) {
        co_return tl::make_unexpected(checked.error());
    }
    Personaliser personaliser(random, sight.presented, std::move(order), false);
    Result<WriteOutcome> outcome = co_await personaliser.write(std::move(blank));
    co_return outcome;
}

Conversation<Result<WriteOutcome>> resume_personalisation(RandomSource& random, CardSight sight,
                                                          WriteAhead record, WriteOrder order) {
    const Result<void> checked = fits(sight, record, order);
    if (!checked) {
        co_return tl::make_unexpected(checked.error());
    }
    Personaliser personaliser(random, sight.presented, std::move(order), true);
    Result<WriteOutcome> outcome = co_await personaliser.resume(sight.picc_key_version);
    co_return outcome;
}

Conversation<Result<void>> return_to_blank(RandomSource& random, PresentedChip presented,
                                           WriteAhead record, CardKey picc_master) {
    if (presented.uid != record.uid()) {
        co_return fail(Fault::report_defect, "the durable record names another card");
    }
    const FrameLimit limit = presented.limit;
    Result<std::optional<Session>> picc = co_await authenticate(
        random, presented.chip->messaging, picc_master_number, picc_master.key);
    if (!picc) {
        co_return tl::make_unexpected(std::move(picc.error()));
    }
    if (!*picc) {
        co_return fail(Fault::use_another_card, "the card does not have our PICC master key");
    }
    const Result<Bytes> formatted =
        co_await require_secured("FormatPICC", **picc, format_picc(), limit);
    if (!formatted) {
        co_return tl::make_unexpected(formatted.error());
    }
    const Result<Bytes> opened = co_await require_secured(
        "ChangeKeySettings", **picc, change_key_settings(factory_settings), limit);
    if (!opened) {
        co_return tl::make_unexpected(opened.error());
    }
    const Result<void> changed = co_await change_key_of_session(
        "ChangeKey of the PICC master key", std::move(**picc), change_picc_key_to_factory(), limit);
    if (!changed) {
        co_return tl::make_unexpected(changed.error());
    }
    const Result<std::optional<Ev1Session>> proven = co_await authenticate_factory_des(random);
    if (!proven) {
        co_return tl::make_unexpected(proven.error());
    }
    if (!*proven) {
        co_return fail(Fault::set_card_aside, "the card did not take the factory's key back");
    }
    co_return Result<void>();
}

}  // namespace card::desfire
