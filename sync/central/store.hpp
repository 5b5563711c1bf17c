#pragma once
// The central's memory: passes, renewals, claims, authorisations and facts in one SQLite file. Each
// public function is one transaction: what it returned is durable, or nothing of it happened.

#include <functional>
#include <optional>
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
    std::string email;                 ///< of the company
    std::optional<PhotoHash> photo{};  ///< of a file that was brought in
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
    std::optional<PhotoHash> photo{};
};

struct PhotoFile {
    std::string media_type;  ///< image/jpeg or image/png
    PersonalText octets;
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

enum class Act : std::uint8_t {
    approve,
    confirm_payment,
    hold,
    release,
    withdraw,
    fence,   ///< take the claim from a station that cannot answer for it
    remake,  ///< make anew what was made elsewhere
};
[[nodiscard]] std::string_view name(Act act);
[[nodiscard]] std::optional<Act> parse_act(std::string_view text);

struct Decision {
    Act act;
    std::string pass_number;
    std::string reason;
    bool payment_confirmed = false;
};

/// What somebody decided about a pass; no sanction lifts the one that is there.
struct SanctionDecision {
    std::string pass_number;
    std::optional<Sanction> sanction;
    std::string reason;
};

/// The facts of one request: lines without their line ends, oldest first.
struct FactsRequest {
    Station station;
    std::vector<std::string> lines;
};

/// Facts as a station sent them, for a ledger that came back from a backup.
struct OwnFacts {
    std::vector<std::string> lines;
};

/// Makes the text of a letter's QR for a renewal whose card was verified.
using LetterSigner = std::function<Result<std::string>(const RenewalRecord&)>;

/// A letter to send.
struct Letter {
    Uuid id;
    std::string qr;
    BusinessDay made_on;
    RenewalRecord renewal;
    std::string email;
};

/// A letter for people to look up.
struct LetterEntry {
    Uuid id;
    std::string pass_number;
    std::string made_at;
    std::string sent_at;        ///< empty until then
    std::string superseded_at;  ///< likewise
};

class Store {
  public:
    /// `random` must outlive the store. Without a signer no letters are made.
    static Result<Store> open(const std::string& path, RandomSource& random, FeeRule fee_rule,
                              LetterSigner signer = {});

    // --- Administration ---
    Result<ImportCounts> import_passes(std::string_view csv);
    Result<ImportCounts> import_renewals(std::string_view csv, Moment moment);
    /// The photo of a pass that is known; a new one takes the place of an old one.
    Result<Reply<PhotoHash>> import_photo(const PassNumber& number, const PhotoFile& photo);
    /// What an applicant can choose from: active passes without an open application.
    Result<std::vector<PassRecord>> eligible_passes();
    Result<Submission> submit(const std::vector<std::string>& pass_numbers, const Port& pickup_port,
                              Moment moment);
    Result<Reply<RenewalRecord>> decide(const Decision& decision, Moment moment);
    Result<Reply<PassRecord>> sanction(const SanctionDecision& decision, Moment moment);
    Result<std::vector<RenewalRecord>> renewals();
    Result<Reply<RenewalRecord>> renewal(std::string_view pass_number);
    /// The numbers that were exchanged for one another, up to this one, oldest first.
    Result<std::vector<std::string>> chain(std::string_view pass_number);
    Result<std::vector<LetterEntry>> letters();
    /// The code of the letter that holds for this pass: the newest that is not superseded.
    Result<Reply<std::string>> letter_code(std::string_view pass_number);

    // --- Letters ---
    Result<std::vector<Letter>> due_letters(std::int64_t limit);
    /// True where it was due until now; a letter that was superseded meanwhile counts as sent, too.
    Result<bool> letter_sent(const Uuid& id, Timestamp now);

    // --- Stations ---
    Result<Reply<wire::RenewalPage>> page(const Station& station, std::string_view cursor);
    Result<Reply<wire::ClaimAnswer>> claim(const Station& station,
                                           const wire::ClaimRequest& request, Moment moment);
    Result<wire::ReleaseAnswer> release(const Station& station,
                                        const wire::ReleaseRequest& request);
    /// At most a page, after the renewal that is named.
    Result<wire::HeldClaims> held_claims(const Station& station,
                                         const std::optional<RenewalId>& after);
    /// Only the photo of a renewal that the station is given.
    Result<Reply<PhotoFile>> photo(const Station& station, const PhotoHash& hash);
    Result<Reply<wire::Authorisation>> authorise(const Station& station,
                                                 const Uuid& idempotency_key,
                                                 const RenewalId& renewal,
                                                 const wire::AuthorisationRequest& request,
                                                 Moment moment);
    /// The facts of several requests in one commit. What comes before a line that is refused is
    /// kept.
    Result<std::vector<Reply<wire::FactsAnswer>>> record_facts(
        const std::vector<FactsRequest>& requests, Moment moment);
    Result<Reply<wire::Acknowledged>> acknowledged(const Station& station,
                                                   const std::optional<Uuid>& incarnation);
    /// Of one incarnation, after a number.
    Result<OwnFacts> own_facts(const Station& station, const Uuid& incarnation, std::int64_t after);
    Result<Reply<wire::Acknowledged>> open_incarnation(const Station& station,
                                                       const Uuid& incarnation,
                                                       const wire::IncarnationNotice& notice,
                                                       Moment moment);
    Result<void> heartbeat(const Station& station, const wire::StationStatus& status,
                           Moment moment);

  private:
    Store(sqlite::Database database, RandomSource& random, FeeRule fee_rule, LetterSigner signer)
        : database_(std::move(database)),
          random_(&random),
          fee_rule_(fee_rule),
          signer_(std::move(signer)) {}

    sqlite::Database database_;
    RandomSource* random_;
    FeeRule fee_rule_;
    LetterSigner signer_;
};

}  // namespace card::central
