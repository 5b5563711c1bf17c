#pragma once
// SQLite as values and Results: the only place that knows its C interface. Settings are the same
// for every database of ours: WAL with a sync at each commit, foreign keys, nothing trusted from
// the file.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "cardformat/base/bytes.hpp"
#include "cardformat/base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace card::sqlite {

inline constexpr int busy_timeout_ms = 5000;

/// How a file of the version before becomes one of this version.
struct Migration {
    std::int32_t to;
    std::string_view script;
};

/// What a database must be, and how an empty file or an older one becomes it.
struct Schema {
    std::int32_t application_id;              ///< names the program that the file belongs to; not 0
    std::int32_t version;                     ///< of the schema; not 0
    std::string_view script;                  ///< the statements that make it
    std::span<const Migration> migrations{};  ///< from older versions, in order
};

/// A value for a `?`, made from any of these on the spot. Text and octets are not owned: a
/// parameter lives no longer than the call.
class Parameter {
  public:
    using Value = std::variant<std::monostate, std::int64_t, std::string_view, BytesView>;

    Parameter(std::nullptr_t) {}
    template <std::integral Integer>
    Parameter(Integer value) : value_(static_cast<std::int64_t>(value)) {}
    Parameter(const char* text) : value_(std::string_view(text)) {}
    Parameter(std::string_view text) : value_(text) {}
    Parameter(const std::string& text) : value_(std::string_view(text)) {}
    Parameter(BytesView octets) : value_(octets) {}
    Parameter(const Bytes& octets) : value_(BytesView(octets)) {}
    template <class T>
    Parameter(const std::optional<T>& value) {
        if (value) {
            value_ = Parameter(*value).value_;
        }
    }

    [[nodiscard]] const Value& value() const { return value_; }

  private:
    Value value_;
};

/// Makes a file, or the entries of a folder, durable.
Result<void> sync_path(const std::string& path);

using Parameters = std::initializer_list<Parameter>;

/// One prepared statement. What goes wrong in preparing or binding is told by the first `step`.
class Statement {
  public:
    /// Starts (again) with these values for its parameters, first to last; all of them.
    void start(Parameters parameters);
    /// True while there is a row to read. The statement lets go of the database at the end.
    Result<bool> step();
    /// Steps through to the end; rows are skipped.
    Result<void> finish();

    // Columns of the current row, from 0. A null reads as 0 or empty; where it matters, ask for the
    // optional.
    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] Bytes blob(int column) const;
    [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const;
    [[nodiscard]] std::optional<std::string> optional_text(int column) const;
    [[nodiscard]] std::optional<Bytes> optional_blob(int column) const;

  private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    using Handle = std::unique_ptr<sqlite3_stmt, Finalize>;

    Statement(Handle handle, std::optional<Failure> failure)
        : handle_(std::move(handle)), failure_(std::move(failure)) {}
    int bind(int index, const Parameter& parameter);

    Handle handle_;
    std::optional<Failure> failure_;
};

/// One connection, to be used by one thread at a time. Movable; statements must not outlive it.
///
/// Failures: `stop_station` where the file or its disk cannot be trusted (I/O error, corruption,
/// disk full), `correct_configuration` where the file is not ours, `report_defect` for all else.
class Database {
  public:
    /// Opens the file, or makes it with mode 0600. An older version is brought up to this one, in
    /// one transaction; a newer one is refused, and so is a file of another program.
    static Result<Database> open(const std::string& path, const Schema& schema);

    /// Opens a copy to read: it must be of this very program and version.
    static Result<Database> open_copy(const std::string& path, const Schema& schema);

    /// Looks for damage for no longer than `budget`. True where all was looked at; damage is a
    /// failure, `stop_station`.
    Result<bool> quick_check(std::chrono::milliseconds budget);
    /// Writes the whole content into a new file of mode 0600 and syncs it. `path` must not exist.
    Result<void> copy_to(const std::string& path);

    /// Prepares without starting: for statements that are kept and started many times.
    [[nodiscard]] Statement prepare(std::string_view sql);
    /// Prepares and binds; the caller steps.
    [[nodiscard]] Statement query(std::string_view sql, Parameters parameters = {});
    /// Prepares, binds and finishes. Gives the number of rows changed.
    Result<std::int64_t> run(std::string_view sql, Parameters parameters = {});
    /// Several statements without parameters.
    Result<void> execute(const std::string& script);

    [[nodiscard]] std::int64_t last_insert_rowid() const;
    [[nodiscard]] bool in_transaction() const;

  private:
    struct Close {
        void operator()(sqlite3* database) const;
    };
    using Handle = std::unique_ptr<sqlite3, Close>;

    explicit Database(Handle handle) : handle_(std::move(handle)) {}
    Result<void> configure();
    Result<void> adopt(const Schema& schema);
    Result<void> migrate(std::int64_t from, const Schema& schema);
    Result<std::int64_t> pragma(std::string_view name);

    Handle handle_;
};

/// What a commit promises.
enum class Durability : std::uint8_t {
    /// What was written survives a power cut.
    synced,
    /// A power cut takes back all commits since the last synced one, each of them whole, and an
    /// fdatasync is saved. For what others know and will tell again.
    deferred,
};

/// BEGIN IMMEDIATE. Rolls back when destroyed without `commit`. Transactions do not nest.
class Transaction {
  public:
    static Result<Transaction> begin(Database& database,
                                     Durability durability = Durability::synced);
    Transaction(Transaction&& other) noexcept
        : database_(std::exchange(other.database_, nullptr)), durability_(other.durability_) {}
    Transaction& operator=(Transaction&&) = delete;
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();

    /// After this returns success, the promise of its durability holds.
    Result<void> commit();

  private:
    Transaction(Database& database, Durability durability)
        : database_(&database), durability_(durability) {}
    /// Whatever comes next is synced again.
    Result<void> end();

    Database* database_;
    Durability durability_;
};

}  // namespace card::sqlite
