#include "station/cardtool/write_commands.hpp"

#include <chrono>
#include <fstream>

#include "cardformat/desfire/personalise.hpp"
#include "station/card_files/pass_file.hpp"
#include "station/cardtool/card_call.hpp"
#include "station/cardtool/gate.hpp"
#include "station/cardtool/journal.hpp"
#include "station/cardtool/progress.hpp"

namespace card::cardtool {
namespace {

namespace json = boost::json;
namespace options = boost::program_options;

constexpr desfire::PortPassProfile profile{};
/// The issuer that a gate reads in the credential: no port office.
constexpr std::string_view issuer = "cardtool";

/// What all of these commands have in hand.
struct Call {
    const Invocation& invocation;
    options::variables_map given;
    desfire::FrameLimit frame{};
    std::string record_path;
    std::unique_ptr<Vault> vault;
    std::unique_ptr<CardReader> reader;
    SystemRandom random{};
};

/// Checks what can be checked without a card, and opens the keys.
Outcome<void> prepare(Call& call) {
    const auto frame = frame_of(call.given);
    if (!frame) {
        return tl::make_unexpected(frame.error());
    }
    call.frame = *frame;
    const auto record = given_text(call.given, "record");
    if (!record || record->empty()) {
        return stop(Exit::usage, "this command needs --record FILE. Try cardtool --help.");
    }
    call.record_path = *record;
    auto vault = open_keys(call.invocation);
    if (!vault) {
        return tl::make_unexpected(vault.error());
    }
    call.vault = std::move(*vault);
    return {};
}

Outcome<void> await_card(Call& call) {
    auto reader = open_card(call.invocation, call.given);
    if (!reader) {
        return tl::make_unexpected(reader.error());
    }
    call.reader = std::move(*reader);
    return {};
}

tl::unexpected<Stop> bad_record(const Failure& failure) {
    return stop(failure.fault == Fault::correct_input ? Exit::bad_record : Exit::failed,
                failure.detail);
}

/// `what_to_do` is for a card that left or failed while it was written to.
tl::unexpected<Stop> while_writing(const Failure& failure, std::string_view what_to_do) {
    Stop told = stop(failure).value();
    told.detail.append(". ").append(what_to_do);
    return tl::make_unexpected(std::move(told));
}

/// Speaks with the card and shows how far it is.
template <class T>
T write(Call& call, std::string doing, desfire::Conversation<T> conversation) {
    Progress progress(call.invocation.err, std::move(doing));
    return call.reader->converse(std::move(conversation), [&] { progress.step(); });
}

Exit done(const Call& call, const Record& record, const std::string& words) {
    json::object object{
        {"uid", record.uid.hex()}, {"state", name(record.state)}, {"record", call.record_path}};
    if (record.pass) {
        object["pass_number"] = record.pass->pass_number.text();
        object["attempt"] = record.pass->attempt.value.text();
        object["key_generation"] = record.pass->key_generation;
    }
    return tell(call.invocation, words, object);
}

// Writing a pass.

Outcome<RequestedPass> requested_pass(const Call& call) {
    const auto path = given_text(call.given, "pass");
    if (!path || path->empty()) {
        return stop(Exit::usage, "this command needs --pass FILE.json. Try cardtool --help.");
    }
    const auto text = read_file(*path, max_pass_file_size);
    if (!text) {
        return stop(Exit::bad_pass_file, text.error().detail);
    }
    auto pass = parse_pass_file(*text);
    if (!pass) {
        return stop(Exit::bad_pass_file, *path + ": " + pass.error().detail);
    }
    return std::move(*pass);
}

Outcome<desfire::OriginalityPolicy> originality_policy(const Call& call) {
    const std::string text = given_text(call.given, "originality").value_or("refuse");
    if (text == "refuse") {
        return desfire::OriginalityPolicy::refuse;
    }
    if (text == "warn") {
        return desfire::OriginalityPolicy::warn;
    }
    if (text == "off") {
        return desfire::OriginalityPolicy::off;
    }
    return stop(Exit::usage, "--originality takes refuse, warn or off. Try cardtool --help.");
}

/// A card that may be written, so far as it can be told without trying a key.
Outcome<desfire::CardSight> identify_blank(Call& call, desfire::OriginalityPolicy policy) {
    const auto sight = call.reader->converse(desfire::identify(call.frame));
    if (!sight) {
        return stop(sight.error());
    }
    if (sight->picc_key_version.value != 0) {
        return stop(Exit::foreign_card,
                    "this card is not blank: its key is not the factory's. Nothing was written. A "
                    "card of yours goes on with resume, or becomes blank with format");
    }
    if (sight->free_memory < desfire::required_free_memory) {
        return stop(Exit::card_too_small, "this card has " + std::to_string(sight->free_memory) +
                                              " octets free, and a pass needs " +
                                              std::to_string(desfire::required_free_memory) +
                                              ". Nothing was written; take another card");
    }
    if (!desfire::accepts(policy, sight->originality)) {
        return stop(Exit::not_original, "the maker's signature of this chip is " +
                                            std::string(name(sight->originality)) +
                                            ". Nothing was written; take another card, or see "
                                            "--originality");
    }
    if (policy == desfire::OriginalityPolicy::warn &&
        sight->originality != desfire::Originality::genuine) {
        call.invocation.err << "The maker's signature of this chip is " << name(sight->originality)
                            << ".\n";
    }
    return *sight;
}

Outcome<RecordedPass> sign(Call& call, const RequestedPass& requested, const CardUid& uid) {
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const AttemptId attempt{new_uuid(call.random, now)};
    const PassCredential claims{std::string(issuer),
                                requested.pass_number,
                                requested.valid_from,
                                requested.valid_to,
                                attempt,
                                uid,
                                requested.old_pass_number,
                                requested.port_areas};
    auto credential = sign_credential(claims, call.vault->signing_key_id(),
                                      [&](BytesView message) { return call.vault->sign(message); });
    if (!credential && credential.error().fault != Fault::correct_input) {
        return stop(credential.error());
    }
    if (!credential || credential->size() > desfire::max_credential_size) {
        return stop(Exit::bad_pass_file,
                    "the pass does not fit a card; name fewer or shorter port areas");
    }
    return RecordedPass{attempt, requested.pass_number, call.vault->current_generation().value,
                        std::move(*credential)};
}

Outcome<desfire::WriteOrder> write_order(Call& call, const CardUid& uid, const RecordedPass& pass) {
    auto keys = card_keys(*call.vault, profile, KeyGeneration{pass.key_generation}, uid);
    if (!keys) {
        return stop(keys.error());
    }
    return desfire::WriteOrder{profile, std::move(*keys), pass.credential,
                               encode_state_file(LifeState::made, pass.credential)};
}

/// After the record that made a writing possible: what came of it.
Outcome<void> note_outcome(const Call& call, Record& record, RecordState state) {
    record.state = state;
    ++record.sequence;
    if (const auto noted = record_next(call.record_path, record); !noted) {
        return bad_record(noted.error());
    }
    return {};
}

Exit finish_writing(Call& call, Record record, const Result<desfire::WriteOutcome>& outcome) {
    if (!outcome) {
        const auto stopped = while_writing(
            outcome.error(), "The record is in " + call.record_path + ": put the card with UID " +
                                 record.uid.hex() + " back and give cardtool resume --record " +
                                 call.record_path);
        return tell(call.invocation, stopped.value());
    }
    const bool verified = *outcome == desfire::WriteOutcome::verified;
    const auto noted =
        note_outcome(call, record, verified ? RecordState::made : RecordState::spoiled);
    if (!noted) {
        return tell(call.invocation, noted.error());
    }
    if (!verified) {
        return tell(call.invocation,
                    stop(Exit::card_at_fault,
                         "the card did not keep what was written, and the pass was taken off it "
                         "again. Put it aside; cardtool format makes it blank")
                        .value());
    }
    return done(call, record,
                "Written and read back: pass " + record.pass->pass_number.text() + " on card " +
                    record.uid.hex() +
                    ".\nIt opens no gate yet; cardtool activate makes it live.\n");
}

Outcome<Exit> write_blank(Call& call) {
    const auto policy = originality_policy(call);
    if (!policy) {
        return tl::make_unexpected(policy.error());
    }
    if (const auto prepared = prepare(call); !prepared) {
        return tl::make_unexpected(prepared.error());
    }
    const auto requested = requested_pass(call);
    if (!requested) {
        return tl::make_unexpected(requested.error());
    }
    const auto before = find_record(call.record_path);
    if (!before || *before) {
        return stop(Exit::bad_record, call.record_path +
                                          " is there already; a new card takes a new record file, "
                                          "and resume goes on with an old one");
    }
    if (const auto there = await_card(call); !there) {
        return tl::make_unexpected(there.error());
    }
    const auto sight = identify_blank(call, *policy);
    if (!sight) {
        return tl::make_unexpected(sight.error());
    }
    auto blank = call.reader->converse(desfire::require_blank(call.random, *sight));
    if (!blank) {
        return stop(blank.error());
    }
    const CardUid uid = sight->presented.uid;
    auto pass = sign(call, *requested, uid);
    if (!pass) {
        return tl::make_unexpected(pass.error());
    }
    auto order = write_order(call, uid, *pass);
    if (!order) {
        return tl::make_unexpected(order.error());
    }
    Record record{uid, RecordState::started, 1, std::move(*pass)};
    const auto proof = record_first(call.record_path, record);
    if (!proof) {
        return bad_record(proof.error());
    }
    const auto outcome =
        write(call, "Writing the card",
              desfire::personalise(call.random, std::move(*blank), *proof, std::move(*order)));
    return finish_writing(call, std::move(record), outcome);
}

/// The record that a command needs, in a state that it can go on from.
Outcome<Record> unfinished_record(const Call& call) {
    auto record = read_record(call.record_path);
    if (!record) {
        return bad_record(record.error());
    }
    if (record->state != RecordState::started) {
        return stop(Exit::bad_record, call.record_path + " is of a card that is " +
                                          std::string(name(record->state)) +
                                          ": its writing has ended. See cardtool verify");
    }
    return std::move(*record);
}

tl::unexpected<Stop> other_card(const Call& call, const CardUid& uid, const CardUid& recorded) {
    return stop(Exit::other_card, "this is the card " + uid.hex() + ", and " + call.record_path +
                                      " is of the card " + recorded.hex() +
                                      ". Nothing was written; put that one on the reader");
}

Outcome<Exit> write_again(Call& call) {
    if (const auto prepared = prepare(call); !prepared) {
        return tl::make_unexpected(prepared.error());
    }
    auto record = unfinished_record(call);
    if (!record) {
        return tl::make_unexpected(record.error());
    }
    auto order = write_order(call, record->uid, *record->pass);
    if (!order) {
        return tl::make_unexpected(order.error());
    }
    if (const auto there = await_card(call); !there) {
        return tl::make_unexpected(there.error());
    }
    const auto sight = call.reader->converse(desfire::identify(call.frame));
    if (!sight) {
        return stop(sight.error());
    }
    if (sight->presented.uid != record->uid) {
        return other_card(call, sight->presented.uid, record->uid);
    }
    ++record->sequence;
    const auto proof = record_next(call.record_path, *record);
    if (!proof) {
        return bad_record(proof.error());
    }
    const auto outcome =
        write(call, "Writing the card again",
              desfire::resume_personalisation(call.random, *sight, *proof, std::move(*order)));
    return finish_writing(call, std::move(*record), outcome);
}

// What is done with a card that has been written, with or without a record.

template <class Look>
struct FinishedCard {
    std::optional<Record> before;  ///< of this very card
    Look look;
};

const CardUid& uid_of(const desfire::PresentedChip& presented) {
    return presented.uid;
}
const CardUid& uid_of(const desfire::CardSight& sight) {
    return sight.presented.uid;
}

/// Checks what can be checked without a card, and looks at the card.
template <class Look>
Outcome<FinishedCard<Look>> finished_card(
    Call& call, desfire::Conversation<Result<Look>> (*look_at)(desfire::FrameLimit)) {
    if (const auto prepared = prepare(call); !prepared) {
        return tl::make_unexpected(prepared.error());
    }
    auto before = find_record(call.record_path);
    if (!before) {
        return bad_record(before.error());
    }
    if (const auto there = await_card(call); !there) {
        return tl::make_unexpected(there.error());
    }
    auto look = call.reader->converse(look_at(call.frame));
    if (!look) {
        return stop(look.error());
    }
    if (*before && (*before)->uid != uid_of(*look)) {
        return other_card(call, uid_of(*look), (*before)->uid);
    }
    return FinishedCard<Look>{std::move(*before), std::move(*look)};
}

// Changing the life state.

struct LifeChange {
    std::string_view command;
    LifeState from;
    LifeState to;
    RecordState begun;
    RecordState ended;
    std::string_view outcome;
};

constexpr LifeChange activation{"activate",          LifeState::made,
                                LifeState::active,   RecordState::activating,
                                RecordState::active, "The card is live: gates open."};
constexpr LifeChange retirement{"retire",
                                LifeState::active,
                                LifeState::retired,
                                RecordState::retiring,
                                RecordState::retired,
                                "The card is retired: no gate opens."};
constexpr LifeChange voiding{"void",
                             LifeState::made,
                             LifeState::voided,
                             RecordState::voiding,
                             RecordState::voided,
                             "The card is void: no gate will ever open."};

/// The pass on the card, if it is genuine and in one of the states of the change.
Outcome<GenuinePass> pass_to_change(Call& call, const LifeChange& change,
                                    const Result<std::optional<FoundPass>>& found_pass) {
    auto verdict = read_and_judge(*call.reader, *call.vault, call.random, found_pass);
    if (!verdict) {
        return stop(verdict.error());
    }
    if (const auto* found = std::get_if<NotOurs>(&*verdict)) {
        return stop(Exit::not_ours, "not our card: " + found->reason + ". Nothing was written");
    }
    if (const auto* found = std::get_if<FalsePass>(&*verdict)) {
        return stop(Exit::not_genuine, "not genuine: " + found->reason + ". Nothing was written");
    }
    auto& pass = std::get<GenuinePass>(*verdict);
    if (pass.life != change.from && pass.life != change.to) {
        return stop(Exit::wrong_state, "the card is " + std::string(name(pass.life)) + ", and " +
                                           std::string(change.command) + " takes one that is " +
                                           std::string(name(change.from)) +
                                           ". Nothing was written");
    }
    return std::move(pass);
}

/// Writes the record of what is about to be done, into the file of this card or a new one.
Outcome<WriteAhead> record_change(Call& call, const std::optional<Record>& before, Record& record) {
    record.sequence = before ? before->sequence + 1 : 1;
    const auto proof =
        before ? record_next(call.record_path, record) : record_first(call.record_path, record);
    if (!proof) {
        return bad_record(proof.error());
    }
    return *proof;
}

Outcome<void> write_state(Call& call, const LifeChange& change, const FoundPass& found,
                          const GenuinePass& pass, WriteAhead proof) {
    auto keys =
        card_keys(*call.vault, profile, found.generation, found.application.presented().uid);
    if (!keys) {
        return stop(keys.error());
    }
    desfire::StateChange order{std::move(keys->station_update), std::move(keys->gate_read),
                               encode_state_file(change.from, pass.credential),
                               encode_state_file(change.to, pass.credential)};
    const auto changed =
        write(call, "Writing the card",
              desfire::change_state(call.random, found.application, proof, std::move(order)));
    if (!changed) {
        return while_writing(changed.error(),
                             "Put the same card back and give the same command "
                             "again");
    }
    return {};
}

Outcome<Exit> change_life(Call& call, const LifeChange& change) {
    const auto finished = finished_card(call, desfire::recognise);
    if (!finished) {
        return tl::make_unexpected(finished.error());
    }
    const auto& [before, presented] = *finished;
    const auto found = find_pass(*call.reader, presented);
    const auto pass = pass_to_change(call, change, found);
    if (!pass) {
        return tl::make_unexpected(pass.error());
    }
    const bool other_pass = before && before->pass && before->pass->credential != pass->credential;
    if (other_pass) {
        return stop(Exit::other_card, call.record_path +
                                          " is of another pass on this card. "
                                          "Nothing was written");
    }
    Record record{presented.uid, change.begun, 0,
                  RecordedPass{pass->claims.attempt, pass->claims.pass_number,
                               pass->generation.value, pass->credential}};
    const auto proof = record_change(call, before, record);
    if (!proof) {
        return tl::make_unexpected(proof.error());
    }
    if (const auto written = write_state(call, change, **found, *pass, *proof); !written) {
        return tl::make_unexpected(written.error());
    }
    if (const auto noted = note_outcome(call, record, change.ended); !noted) {
        return tl::make_unexpected(noted.error());
    }
    return done(call, record, std::string(change.outcome) + "\n");
}

// Back to blank.

/// Asks the person at the terminal; false where there is none.
bool person_agrees(const CardUid& uid) {
    std::fstream terminal("/dev/tty");
    if (!terminal) {
        return false;
    }
    terminal << "Format the card " << uid.hex() << "? What is on it is gone for good. [y/N] "
             << std::flush;
    std::string answer;
    std::getline(terminal, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

/// A card that an interrupted format left blank already is seen to be so.
Outcome<void> erase(Call& call, const desfire::CardSight& sight, WriteAhead proof) {
    if (sight.picc_key_version.value == 0) {
        const auto blank = call.reader->converse(desfire::require_blank(call.random, sight));
        if (!blank) {
            return stop(blank.error());
        }
        return {};
    }
    auto key =
        call.vault->diversify(KeySlot::picc_master, sight.picc_key_version,
                              diversification_input(sight.presented.uid, desfire::picc_level));
    if (!key && key.error().fault == Fault::correct_configuration) {
        return stop(Exit::foreign_card,
                    "the card's key is of a generation that the key store does "
                    "not have. Nothing was written");
    }
    if (!key) {
        return stop(key.error());
    }
    const auto erased =
        write(call, "Formatting the card",
              desfire::return_to_blank(call.random, sight.presented, proof,
                                       desfire::CardKey{std::move(*key), sight.picc_key_version}));
    if (!erased) {
        return while_writing(erased.error(), erased.error().fault == Fault::use_another_card
                                                 ? "Nothing was written"
                                                 : "Put the same card back and give the same "
                                                   "command again");
    }
    return {};
}

Outcome<Exit> make_blank(Call& call) {
    const auto finished = finished_card(call, desfire::identify);
    if (!finished) {
        return tl::make_unexpected(finished.error());
    }
    const auto& [before, sight] = *finished;
    const CardUid uid = sight.presented.uid;
    if (!call.given.contains("yes") && !person_agrees(uid)) {
        return stop(Exit::usage, "not formatted: answer y at the terminal, or give --yes");
    }
    Record record{uid, RecordState::formatting, 0, before ? before->pass : std::nullopt};
    const auto proof = record_change(call, before, record);
    if (!proof) {
        return tl::make_unexpected(proof.error());
    }
    if (const auto erased = erase(call, sight, *proof); !erased) {
        return tl::make_unexpected(erased.error());
    }
    if (const auto noted = note_outcome(call, record, RecordState::blank); !noted) {
        return tl::make_unexpected(noted.error());
    }
    return done(call, record, "The card " + uid.hex() + " is blank.\n");
}

/// Runs one of the above with the options that were given.
template <class Work>
Exit perform(const Invocation& invocation, std::initializer_list<const char*> texts, bool with_yes,
             const Work& work) {
    auto given = card_options(invocation, [&](options::options_description& own) {
        own.add_options()("record", options::value<std::string>());
        for (const char* text : texts) {
            own.add_options()(text, options::value<std::string>());
        }
        if (with_yes) {
            own.add_options()("yes", "");
        }
    });
    if (!given) {
        return Exit::usage;
    }
    Call call{.invocation = invocation,
              .given = std::move(*given),
              .record_path = {},
              .vault = {},
              .reader = {}};
    const Outcome<Exit> ended = work(call);
    return ended ? *ended : tell(invocation, ended.error());
}

Exit personalise(const Invocation& invocation) {
    return perform(invocation, {"pass", "originality"}, false, write_blank);
}
Exit resume(const Invocation& invocation) {
    return perform(invocation, {}, false, write_again);
}
Exit activate(const Invocation& invocation) {
    return perform(invocation, {}, false, [](Call& call) { return change_life(call, activation); });
}
Exit retire(const Invocation& invocation) {
    return perform(invocation, {}, false, [](Call& call) { return change_life(call, retirement); });
}
Exit make_void(const Invocation& invocation) {
    return perform(invocation, {}, false, [](Call& call) { return change_life(call, voiding); });
}
Exit format(const Invocation& invocation) {
    return perform(invocation, {}, true, make_blank);
}

}  // namespace

std::span<const Command> write_commands() {
    static constexpr std::array commands{
        Command{"personalise",
                "--keys STORE --pass FILE.json --record FILE [--originality refuse|warn|off]",
                "Writes a pass onto a blank card and reads it back; it opens no gate yet.",
                personalise},
        Command{"resume", "--keys STORE --record FILE",
                "Goes on with a card that left while it was written.", resume},
        Command{"activate", "--keys STORE --record FILE", "Makes a written card live.", activate},
        Command{"retire", "--keys STORE --record FILE", "Ends a live card.", retire},
        Command{"void", "--keys STORE --record FILE", "Ends a written card that was never live.",
                make_void},
        Command{"format", "--keys STORE --record FILE [--yes]",
                "Makes a card of this key store blank again; asks first.", format}};
    return commands;
}

}  // namespace card::cardtool
