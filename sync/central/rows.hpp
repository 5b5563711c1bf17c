#pragma once
// Between rows and values; for the store's own source files. Inside one transaction a failed
// statement is thrown as `Aborted` and caught by `in_transaction`, which rolls back; nothing else
// sees it.

#include <optional>
#include <type_traits>

#include "sync/central/store.hpp"

namespace card::central {

struct Aborted {
    Failure failure;
};

template <class T>
T must(Result<T> result) {
    if (!result) {
        throw Aborted{result.error()};
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    }
}

/// Runs `body` in one transaction: commits when it returns, rolls back when it aborts.
template <class Body>
auto in_transaction(sqlite::Database& database, Body body) -> Result<decltype(body())> {
    try {
        auto transaction = must(sqlite::Transaction::begin(database));
        auto value = body();
        must(transaction.commit());
        return value;
    } catch (const Aborted& aborted) {
        return tl::make_unexpected(aborted.failure);
    }
}

/// A value of our own database that must parse; anything else means that somebody damaged the file.
template <class Parsed>
auto stored(Parsed parsed, std::string_view column) {
    if (!parsed) {
        throw Aborted{{Fault::stop_station, "column " + std::string(column) + " is damaged"}};
    }
    return std::move(*parsed);
}

[[nodiscard]] Bytes sha256_of(std::string_view octets);
[[nodiscard]] std::string to_json_text(const std::vector<std::string>& texts);
[[nodiscard]] std::string to_json_text(const std::vector<Port>& ports);

void insert_pass(sqlite::Database& database, const PassRecord& record,
                 const std::optional<PassNumber>& replaces);
[[nodiscard]] std::optional<PassRecord> find_pass(sqlite::Database& database,
                                                  std::string_view number);
[[nodiscard]] std::vector<PassRecord> all_eligible(sqlite::Database& database);
void set_pass_state(sqlite::Database& database, const PassNumber& number, PassState state);

/// `where` is a condition on `r` (renewal) with the given parameters.
[[nodiscard]] std::vector<RenewalRecord> find_renewals(sqlite::Database& database,
                                                       std::string_view where,
                                                       sqlite::Parameters parameters);
[[nodiscard]] std::optional<RenewalRecord> find_renewal(sqlite::Database& database,
                                                        const RenewalId& id);
/// The pass that the renewal gives up, as it stands now.
[[nodiscard]] OldPass old_pass_of(sqlite::Database& database, const RenewalRecord& renewal);
void insert_renewal(sqlite::Database& database, const RenewalRecord& record, Timestamp now);
/// Stores the state. `changed` gives the renewal a new version and its place in the sequence.
void save_state(sqlite::Database& database, const RenewalRecord& record, bool changed);

/// The hand-over that they were for was given up, or its card came to an end.
void end_authorisations(sqlite::Database& database, const RenewalId& renewal, Timestamp now);
void supersede_letter(sqlite::Database& database, const RenewalId& renewal, Timestamp now);

[[nodiscard]] std::int64_t last_change(sqlite::Database& database);
void record_decision(sqlite::Database& database, std::string_view act, const RenewalId& renewal,
                     std::string_view reason, Timestamp now);

}  // namespace card::central
