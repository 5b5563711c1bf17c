#pragma once
// The central's memory: passes, renewals, claims, authorisations and facts in one SQLite file. Each
// public function is one transaction: what it returned is durable, or nothing of it happened.

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cardformat/base/ports.hpp"
#include "sync/central/rules.hpp"
#include "sync/sqlite/sqlite.hpp"
#include "sync/wire/messages.hpp"

namespace card::central {

inline constexpr std::size_t max_submission = 500;  ///< passes in one application

/// When something is asked. The day is given apart: demonstrations run at a day of the sample data.
struct Moment {
    BusinessDay today;
    Timestamp now;
};

/// A station and the pick-up ports that it serves.
struct Station {
    std::string name;
    std::vector<Port> ports;
};

/// An answer, or the problem to show instead. Failures beside it are the database's.
template <class T>
using Reply = std::variant<T, wire::Problem>;

struct PassRecord {
    Candidate pass;
    std::string company;
    PersonalText holder_name;
    PersonalText id_number;
    std::string pass_kind;
    std::vector<std::string> port_areas;
};

struct RenewalRecord {
    RenewalId id;
    std::int64_t version;
    RenewalState state;
    PassNumber pass_number;
    PassNumber old_pass_number;
    BusinessDay valid_from;
    Port pickup_port;
    bool free;
    int times_exchanged;
    std::string hold_reason;
    std::string withdrawal_reason;
    std::string issued_at;  ///< empty until then
    std::string company;
    PersonalText holder_name;
    PersonalText id_number;
    std::vector<std::string> port_areas;
};

struct ImportCounts {
    std::int64_t added = 0;
    std::int64_t known = 0;              ///< there already, left as they are
    std::vector<std::size_t> skipped{};  ///< lines without a usable number, date or status
};

struct Accepted {
    PassNumber old_pass_number;
    PassNumber pass_number;
    bool free;
    int times_exchanged;
};
struct Refused {
    std::string old_pass_number;  ///< as asked for
    std::string words;
};
struct Submission {
    std::vector<Accepted> accepted;
    std::vector<Refused> refused;
};

enum class Act : std::uint8_t { approve, hold, release, withdraw };
[[nodiscard]] std::string_view name(Act act);

struct Decision {
    Act act;
    std::string pass_number;
    std::string reason;
    bool payment_confirmed = false;
};

class Store {
  public:
    /// `random` must outlive the store.
    static Result<Store> open(const std::string& path, RandomSource& random, FeeRule fee_rule);

    // --- Administration ---
    Result<ImportCounts> import_passes(std::string_view csv);
    Result<ImportCounts> import_renewals(std::string_view csv, Moment moment);
    /// What an applicant can choose from: active passes without an open application.
    Result<std::vector<PassRecord>> eligible_passes();
    Result<Submission> submit(const std::vector<std::string>& pass_numbers, const Port& pickup_port,
                              Moment moment);
    Result<Reply<RenewalRecord>> decide(const Decision& decision, Moment moment);
    Result<std::vector<RenewalRecord>> renewals();
    Result<Reply<RenewalRecord>> renewal(std::string_view pass_number);

    // --- Stations ---
    Result<Reply<wire::RenewalPage>> page(const Station& station, std::string_view cursor);
    Result<Reply<wire::ClaimAnswer>> claim(const Station& station,
                                           const wire::ClaimRequest& request, Moment moment);
    Result<Reply<wire::Authorisation>> authorise(const Station& station,
                                                 const Uuid& idempotency_key,
                                                 const RenewalId& renewal,
                                                 const wire::AuthorisationRequest& request,
                                                 Moment moment);
    /// Lines without their line ends, oldest first. What comes before a line that is refused is
    /// kept.
    Result<Reply<wire::FactsAnswer>> record_facts(const Station& station,
                                                  const std::vector<std::string>& lines,
                                                  Moment moment);
    Result<wire::Acknowledged> acknowledged(const Station& station, const Uuid& incarnation);

  private:
    Store(sqlite::Database database, RandomSource& random, FeeRule fee_rule)
        : database_(std::move(database)), random_(&random), fee_rule_(fee_rule) {}

    sqlite::Database database_;
    RandomSource* random_;
    FeeRule fee_rule_;
};

}  // namespace card::central
