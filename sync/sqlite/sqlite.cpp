#include "sync/sqlite/sqlite.hpp"

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace card::sqlite {
namespace {

Fault fault_of(int code) {
    switch (code & 0xFF) {
        case SQLITE_IOERR:
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_FULL:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_PROTOCOL:
            return Fault::stop_station;
        default:
            return Fault::report_defect;
    }
}

Failure failure_of(sqlite3* database, int code) {
    // The message of a constraint names tables and columns, never values.
    return Failure{fault_of(code),
                   "SQLite error " + std::to_string(code) + ": " +
                       (database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code))};
}

/// Makes the file before SQLite would, so that nobody else may read it; -wal and -shm take its
/// mode. An existing file is left alone: closing a second descriptor would drop another
/// connection's locks.
Result<void> make_private_file(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        if (errno == EEXIST) {
            return {};
        }
        return fail(Fault::stop_station,
                    "making " + path + ": " + std::generic_category().message(errno));
    }
    (void)::close(descriptor);
    return {};
}

}  // namespace

Result<void> sync_path(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
    const std::string why = std::generic_category().message(errno);
    if (descriptor >= 0) {
        (void)::close(descriptor);
    }
    return synced ? Result<void>() : fail(Fault::stop_station, "syncing " + path + ": " + why);
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
    (void)sqlite3_finalize(statement);
}

void Database::Close::operator()(sqlite3* database) const {
    (void)sqlite3_close_v2(database);
}

int Statement::bind(int index, const Parameter& parameter) {
    sqlite3_stmt* handle = handle_.get();
    const Parameter::Value& value = parameter.value();
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        return sqlite3_bind_int64(handle, index, *integer);
    }
    if (const auto* text = std::get_if<std::string_view>(&value)) {
        const char* data = text->empty() ? "" : text->data();
        return sqlite3_bind_text64(handle, index, data, text->size(), SQLITE_TRANSIENT,
                                   SQLITE_UTF8);
    }
    if (const auto* octets = std::get_if<BytesView>(&value)) {
        if (octets->empty()) {
            return sqlite3_bind_zeroblob(handle, index, 0);
        }
        return sqlite3_bind_blob64(handle, index, octets->data(), octets->size(), SQLITE_TRANSIENT);
    }
    return sqlite3_bind_null(handle, index);
}

void Statement::start(Parameters parameters) {
    if (!handle_) {
        return;
    }
    failure_.reset();
    (void)sqlite3_reset(handle_.get());
    (void)sqlite3_clear_bindings(handle_.get());
    if (sqlite3_bind_parameter_count(handle_.get()) != static_cast<int>(parameters.size())) {
        failure_ = Failure{Fault::report_defect, std::string("wrong number of parameters for ") +
                                                     sqlite3_sql(handle_.get())};
        return;
    }
    int index = 1;
    for (const Parameter& parameter : parameters) {
        const int code = bind(index++, parameter);
        if (code != SQLITE_OK) {
            failure_ = failure_of(sqlite3_db_handle(handle_.get()), code);
            return;
        }
    }
}

Result<bool> Statement::step() {
    if (failure_) {
        return tl::make_unexpected(*failure_);
    }
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW) {
        return true;
    }
    Result<bool> answer = false;
    if (code != SQLITE_DONE) {
        answer = tl::make_unexpected(failure_of(sqlite3_db_handle(handle_.get()), code));
    }
    (void)sqlite3_reset(handle_.get());
    return answer;
}

Result<void> Statement::finish() {
    for (;;) {
        const Result<bool> row = step();
        if (!row) {
            return tl::make_unexpected(row.error());
        }
        if (!*row) {
            return {};
        }
    }
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(handle_.get(), column);
}

std::string Statement::text(int column) const {
    const unsigned char* data = sqlite3_column_text(handle_.get(), column);
    const int size = sqlite3_column_bytes(handle_.get(), column);
    return data == nullptr
               ? std::string()
               : std::string(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
}

Bytes Statement::blob(int column) const {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_.get(), column));
    const int size = sqlite3_column_bytes(handle_.get(), column);
    return data == nullptr ? Bytes() : Bytes(data, data + size);
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
    return is_null(column) ? std::nullopt : std::optional(integer(column));
}

std::optional<std::string> Statement::optional_text(int column) const {
    return is_null(column) ? std::nullopt : std::optional(text(column));
}

std::optional<Bytes> Statement::optional_blob(int column) const {
    return is_null(column) ? std::nullopt : std::optional(blob(column));
}

Result<Database> Database::open(const std::string& path, const Schema& schema) {
    if (const auto made = make_private_file(path); !made) {
        return tl::make_unexpected(made.error());
    }
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(
        path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
        nullptr);
    Database database{Handle(raw)};
    if (code != SQLITE_OK) {
        return fail("opening " + path, failure_of(raw, code));
    }
    if (const auto done = database.configure(); !done) {
        return fail("opening " + path, done.error());
    }
    if (const auto done = database.adopt(schema); !done) {
        return fail("opening " + path, done.error());
    }
    return database;
}

Result<void> Database::configure() {
    (void)sqlite3_busy_timeout(handle_.get(), busy_timeout_ms);
    (void)sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    Statement wal = query("PRAGMA journal_mode=WAL");
    const Result<bool> row = wal.step();
    if (!row) {
        return tl::make_unexpected(row.error());
    }
    if (!*row || wal.text(0) != "wal") {
        return fail(Fault::correct_configuration, "the file system does not carry a WAL");
    }
    if (auto ended = wal.finish(); !ended) {
        return ended;
    }
    return execute(
        "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
        "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA journal_size_limit=67108864;");
}

Result<void> Database::adopt(const Schema& schema) {
    auto transaction = Transaction::begin(*this);
    if (!transaction) {
        return tl::make_unexpected(transaction.error());
    }
    const auto application_id = pragma("application_id");
    const auto version = pragma("user_version");
    const auto tables = pragma("schema_version");
    if (!application_id || !version || !tables) {
        return fail(Fault::stop_station, "the header of the database cannot be read");
    }
    if (*application_id == 0 && *version == 0 && *tables == 0) {
        const std::string marks = "PRAGMA application_id=" + std::to_string(schema.application_id) +
                                  "; PRAGMA user_version=" + std::to_string(schema.version) + ";";
        if (const auto made = execute(std::string(schema.script) + marks); !made) {
            return fail("making the tables", made.error());
        }
        return transaction->commit();
    }
    if (*application_id != schema.application_id) {
        return fail(Fault::correct_configuration, "the file belongs to another program");
    }
    if (auto migrated = migrate(*version, schema); !migrated) {
        return migrated;
    }
    return transaction->commit();
}

Result<void> Database::migrate(std::int64_t from, const Schema& schema) {
    std::int64_t version = from;
    for (const Migration& migration : schema.migrations) {
        if (migration.to != version + 1) {
            continue;
        }
        const std::string mark = "PRAGMA user_version=" + std::to_string(migration.to) + ";";
        if (const auto done = execute(std::string(migration.script) + mark); !done) {
            return fail("migrating to version " + std::to_string(migration.to), done.error());
        }
        version = migration.to;
    }
    if (version != schema.version) {
        return fail(Fault::correct_configuration, "the file has schema version " +
                                                      std::to_string(from) + ", not " +
                                                      std::to_string(schema.version));
    }
    return {};
}

Result<Database> Database::open_copy(const std::string& path, const Schema& schema) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(
        path.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
        nullptr);
    Database database{Handle(raw)};
    if (code != SQLITE_OK) {
        return fail("opening " + path, failure_of(raw, code));
    }
    const auto application_id = database.pragma("application_id");
    const auto version = database.pragma("user_version");
    if (!application_id || !version || *application_id != schema.application_id ||
        *version != schema.version) {
        return fail(Fault::stop_station, path + " is no copy of this database");
    }
    return database;
}

Result<bool> Database::quick_check(std::chrono::milliseconds budget) {
    if (budget <= std::chrono::milliseconds(0)) {
        return false;
    }
    Statement check = query("PRAGMA quick_check(1)");
    if (check.failure_) {
        return tl::make_unexpected(*check.failure_);
    }
    // Of a progress handler, SQLite 3.40 takes no notice while it walks a tree.
    std::jthread alarm([this, budget](const std::stop_token& stop) {
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable_any over;
        over.wait_for(lock, stop, budget, [] { return false; });
        if (!stop.stop_requested()) {
            sqlite3_interrupt(handle_.get());
        }
    });
    const int code = sqlite3_step(check.handle_.get());
    alarm.request_stop();
    alarm.join();
    const std::string verdict = code == SQLITE_ROW ? check.text(0) : "";
    if (code == SQLITE_INTERRUPT) {
        return false;
    }
    if (code != SQLITE_ROW) {
        return tl::make_unexpected(failure_of(handle_.get(), code));
    }
    if (verdict != "ok") {
        return fail(Fault::stop_station, "the database is damaged: " + verdict);
    }
    return true;
}

Result<void> Database::copy_to(const std::string& path) {
    if (auto made = make_private_file(path); !made) {
        return made;
    }
    if (const auto copied = run("VACUUM INTO ?", {path}); !copied) {
        return tl::make_unexpected(copied.error());
    }
    return sync_path(path);
}

Result<std::int64_t> Database::pragma(std::string_view name) {
    Statement statement = query("PRAGMA " + std::string(name));
    const Result<bool> row = statement.step();
    if (!row) {
        return tl::make_unexpected(row.error());
    }
    return statement.integer(0);
}

Statement Database::prepare(std::string_view sql) {
    sqlite3_stmt* raw = nullptr;
    const int code =
        sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
    Statement::Handle statement(raw);
    if (code != SQLITE_OK || raw == nullptr) {
        Failure failure = code == SQLITE_OK ? Failure{Fault::report_defect, "empty statement"}
                                            : failure_of(handle_.get(), code);
        return {nullptr, std::move(failure)};
    }
    return {std::move(statement), std::nullopt};
}

Statement Database::query(std::string_view sql, Parameters parameters) {
    Statement statement = prepare(sql);
    statement.start(parameters);
    return statement;
}

Result<std::int64_t> Database::run(std::string_view sql, Parameters parameters) {
    Statement statement = query(sql, parameters);
    if (const auto done = statement.finish(); !done) {
        return tl::make_unexpected(done.error());
    }
    return sqlite3_changes64(handle_.get());
}

Result<void> Database::execute(const std::string& script) {
    const int code = sqlite3_exec(handle_.get(), script.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
        return tl::make_unexpected(failure_of(handle_.get(), code));
    }
    return {};
}

std::int64_t Database::last_insert_rowid() const {
    return sqlite3_last_insert_rowid(handle_.get());
}

bool Database::in_transaction() const {
    return sqlite3_get_autocommit(handle_.get()) == 0;
}

Result<Transaction> Transaction::begin(Database& database, Durability durability) {
    // In WAL mode NORMAL leaves out the sync of a commit and nothing else; the next synced commit
    // syncs the same file (https://www.sqlite.org/pragma.html#pragma_synchronous).
    if (durability == Durability::deferred) {
        if (const auto relaxed = database.execute("PRAGMA synchronous=NORMAL"); !relaxed) {
            return tl::make_unexpected(relaxed.error());
        }
    }
    Transaction transaction(database, durability);
    if (const auto begun = database.execute("BEGIN IMMEDIATE"); !begun) {
        return tl::make_unexpected(begun.error());
    }
    return transaction;
}

Result<void> Transaction::end() {
    Database& database = *std::exchange(database_, nullptr);
    return durability_ == Durability::synced ? Result<void>()
                                             : database.execute("PRAGMA synchronous=FULL");
}

Result<void> Transaction::commit() {
    if (auto done = database_->execute("COMMIT"); !done) {
        return done;  // the destructor rolls back what SQLite has not rolled back by itself
    }
    return end();
}

Transaction::~Transaction() {
    if (database_ == nullptr) {
        return;
    }
    if (database_->in_transaction()) {
        (void)database_->execute("ROLLBACK");
    }
    (void)end();
}

}  // namespace card::sqlite
