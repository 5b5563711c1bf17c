#include "sync/ledger/upkeep.hpp"

#include <array>
#include <filesystem>

#include <boost/json.hpp>

#include "cardformat/crypto/hash.hpp"
#include "sync/ledger/ledger.hpp"
#include "sync/ledger/schema.hpp"
#include "sync/wire/members.hpp"

namespace card::ledger {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::int32_t application_id = 0x43535431;  // "CST1"
constexpr std::int32_t schema_version = 6;
/// Until version 3 the counter asked for the old pass alone, and the holder alone collected.
constexpr std::string_view evidence_of_letters =
    "ALTER TABLE card ADD COLUMN collector TEXT;"
    "ALTER TABLE card ADD COLUMN supervisor TEXT;"
    "ALTER TABLE card ADD COLUMN waiver TEXT;"
    "UPDATE card SET evidence = 'letter_missing+qr_number_matched', collector = 'holder'"
    " WHERE evidence = 'qr_number_matched';"
    "UPDATE card SET evidence = NULL WHERE evidence = '';"
    "CREATE TABLE letter_key (position INTEGER PRIMARY KEY, point BLOB NOT NULL) STRICT;";
/// The table is made anew: SQLite cannot change what its CHECK allows.
constexpr std::string_view cards_that_end =
    "CREATE TABLE card_4 ("
    " attempt TEXT PRIMARY KEY,"
    " renewal TEXT NOT NULL REFERENCES renewal (id),"
    " epoch INTEGER NOT NULL,"
    " uid TEXT NOT NULL,"
    " key_generation INTEGER NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('started', 'torn', 'verified', 'authorised',"
    "  'handed_over', 'spoiled', 'voided', 'written_off')),"
    " presentations INTEGER NOT NULL DEFAULT 1,"
    " credential_sealed BLOB NOT NULL,"
    " credential_sha256 BLOB NOT NULL,"
    " authorisation TEXT,"
    " evidence TEXT,"
    " record INTEGER NOT NULL REFERENCES journal (record),"
    " collector TEXT,"
    " supervisor TEXT,"
    " waiver TEXT,"
    " missing INTEGER NOT NULL DEFAULT 0 CHECK (missing IN (0, 1)),"
    " condemned TEXT"
    ") STRICT;"
    "INSERT INTO card_4 (attempt, renewal, epoch, uid, key_generation, state, presentations,"
    " credential_sealed, credential_sha256, authorisation, evidence, record, collector, supervisor,"
    " waiver) SELECT attempt, renewal, epoch, uid, key_generation, state, presentations,"
    " credential_sealed, credential_sha256, authorisation, evidence, record, collector, supervisor,"
    " waiver FROM card ORDER BY rowid;"
    "DROP TABLE card;"
    "ALTER TABLE card_4 RENAME TO card;"
    "CREATE UNIQUE INDEX one_card_at_a_time ON card (renewal)"
    " WHERE state NOT IN ('spoiled', 'voided', 'written_off');"
    "CREATE UNIQUE INDEX one_renewal_on_a_card ON card (uid)"
    " WHERE state NOT IN ('spoiled', 'voided', 'written_off');"
    "CREATE TABLE production_line (reader TEXT PRIMARY KEY, spoils INTEGER NOT NULL) STRICT;";
/// Until version 5 the holder stayed known after the hand-over.
constexpr std::string_view forget_holders =
    "UPDATE renewal SET holder_name_sealed = x'', masked_id_sealed = x''"
    " WHERE status IN ('issued', 'withdrawn');";
constexpr std::array<sqlite::Migration, 5> migrations{
    {{2, "ALTER TABLE renewal ADD COLUMN photo_sha256 BLOB;"},
     {3, evidence_of_letters},
     {4, cards_that_end},
     {5, "ALTER TABLE station ADD COLUMN offline_handover_s INTEGER NOT NULL DEFAULT 0;"},
     {6, forget_holders}}};
constexpr std::size_t hash_size = 32;
/// A copy must be proven whole, however long that takes.
constexpr std::chrono::hours no_hurry{24};

Result<void> check_chain(sqlite::Database& database, std::string_view table,
                         std::string_view order) {
    auto rows = database.query("SELECT " + std::string(order) + ", line, sha256 FROM " +
                               std::string(table) + " ORDER BY " + std::string(order));
    Bytes previous(hash_size, 0);
    for (std::int64_t expected = 1;; ++expected) {
        const auto more = rows.step();
        if (!more) {
            return tl::make_unexpected(more.error());
        }
        if (!*more) {
            return {};
        }
        const std::string line = rows.text(1);
        const auto value = wire::parse_json(line, line.size());
        const auto* object = value ? value->if_object() : nullptr;
        const auto* link = object != nullptr ? object->if_contains("previous") : nullptr;
        const Sha256 digest = sha256(as_bytes(line));
        if (rows.integer(0) != expected || link == nullptr ||
            *link != json::value(to_hex(previous)) ||
            rows.blob(2) != Bytes(digest.begin(), digest.end())) {
            return fail(Fault::stop_station, std::string(table) + " line " +
                                                 std::to_string(expected) +
                                                 " is not as it was written");
        }
        previous.assign(digest.begin(), digest.end());
    }
}

/// Such as 20211201T040000007Z.
std::string compact(Timestamp time) {
    std::string text = to_rfc3339(time);
    std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == '.'; });
    return text;
}

Result<std::int64_t> journal_records(sqlite::Database& database) {
    auto row = database.query("SELECT coalesce(max(record), 0) FROM journal");
    return row.step().map([&](bool) { return row.integer(0); });
}

/// Opens a copy and proves it; gives the number of its journal's records.
Result<std::int64_t> prove_copy(const std::string& path) {
    auto copy = sqlite::Database::open_copy(path, ledger_schema());
    if (!copy) {
        return tl::make_unexpected(copy.error());
    }
    if (const auto checked = copy->quick_check(no_hurry); !checked) {
        return tl::make_unexpected(checked.error());
    }
    if (const auto intact = check_chains(*copy); !intact) {
        return tl::make_unexpected(intact.error());
    }
    return journal_records(*copy);
}

Result<std::int64_t> copy_and_prove(sqlite::Database& database, const fs::path& unfinished,
                                    const fs::path& finished) {
    if (const auto copied = database.copy_to(unfinished); !copied) {
        return tl::make_unexpected(copied.error());
    }
    auto records = prove_copy(unfinished);
    const auto expected = journal_records(database);
    if (records && expected && *records != *expected) {
        return fail(Fault::report_defect, "the copy's journal ends elsewhere");
    }
    if (!records || !expected) {
        return records ? expected : records;
    }
    std::error_code error;
    fs::rename(unfinished, finished, error);
    if (error) {
        return fail(Fault::correct_input, finished.string() + ": " + error.message());
    }
    return sqlite::sync_path(finished.parent_path()).map([&] { return *records; });
}

}  // namespace

const sqlite::Schema& ledger_schema() {
    static const sqlite::Schema schema{application_id, schema_version, schema_sql, migrations};
    return schema;
}

Result<void> check_chains(sqlite::Database& database) {
    if (auto intact = check_chain(database, "journal", "record"); !intact) {
        return intact;
    }
    return check_chain(database, "outbox", "seq");
}

Result<Backup> Ledger::backup(const std::string& folder) {
    const fs::path place(folder);
    std::error_code error;
    if (!place.is_absolute() || !fs::is_directory(place, error)) {
        return fail(Fault::correct_input, folder + " is no folder with an absolute path");
    }
    const fs::path finished = place / ("ledger-" + compact(clock_->now()) + ".db");
    const fs::path unfinished = finished.string() + ".part";
    const auto records = copy_and_prove(database_, unfinished, finished);
    if (!records) {
        fs::remove(unfinished, error);
        // The folder may be full or gone; that is no reason to distrust the ledger.
        return fail(Fault::correct_input, "backup: " + records.error().detail);
    }
    const auto octets = fs::file_size(finished, error);
    return Backup{finished, error ? 0 : static_cast<std::int64_t>(octets), *records};
}

Result<std::vector<std::string>> Ledger::journal_after(std::int64_t record, std::int64_t limit) {
    auto rows = database_.query("SELECT line FROM journal WHERE record > ? ORDER BY record LIMIT ?",
                                {record, limit});
    std::vector<std::string> lines;
    while (true) {
        const auto more = rows.step();
        if (!more) {
            return tl::make_unexpected(more.error());
        }
        if (!*more) {
            return lines;
        }
        lines.push_back(rows.text(0));
    }
}

bool Ledger::has_room() const {
    reserve_.fill();
    return reserve_.is_whole();
}

Result<bool> Ledger::includes(const wire::Acknowledged& at_the_central) {
    if (at_the_central.seq == 0) {
        return true;
    }
    auto rows = database_.query("SELECT sha256 FROM outbox WHERE seq = ?", {at_the_central.seq});
    return rows.step().map(
        [&](bool found) { return found && rows.blob(0) == at_the_central.head; });
}

}  // namespace card::ledger
