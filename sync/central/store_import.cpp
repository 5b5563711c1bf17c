// Reading the exchange's own lists. What is known already stays as it is, so importing twice is
// safe.

#include <array>

#include "cardformat/crypto/hash.hpp"
#include "sync/central/csv.hpp"
#include "sync/central/rows.hpp"

namespace card::central {
namespace {

constexpr int not_found = 404;

// The lists say neither: synthetic, like everything that stands here.
constexpr std::string_view synthetic_company = "德創科技股份有限公司";
constexpr std::string_view synthetic_port_area = "KH";
constexpr std::string_view synthetic_email = "passes@company.example";
constexpr std::string_view qr_kind = "QRcode二維";
constexpr std::string_view rfid_kind = "RFID";

std::string value(const CsvRow& row, const std::string& column) {
    const auto found = row.values.find(column);
    return found == row.values.end() ? std::string() : found->second;
}

std::optional<PassRecord> pass_of(const CsvRow& row, const std::string& number_column) {
    const auto number = PassNumber::parse(value(row, number_column));
    const auto valid_from = BusinessDay::parse(value(row, "valid_from"));
    const auto valid_to = BusinessDay::parse(value(row, "valid_to"));
    if (!number || !valid_from || !valid_to) {
        return std::nullopt;
    }
    const std::string company = value(row, "company");
    return PassRecord{{*number, PassState::active, *valid_from, *valid_to, true, false, 0},
                      company.empty() ? std::string(synthetic_company) : company,
                      PersonalText(value(row, "name")),
                      PersonalText(value(row, "id_no")),
                      std::string(qr_kind),
                      {std::string(synthetic_port_area)},
                      std::string(synthetic_email)};
}

std::optional<RenewalStatus> parse_shown(std::string_view words) {
    for (const auto status :
         {RenewalStatus::approved, RenewalStatus::produced, RenewalStatus::issued}) {
        if (shown(status) == words) {
            return status;
        }
    }
    return std::nullopt;
}

PassRecord original_of(sqlite::Database& database, const PassRecord& new_pass,
                       const PassNumber& number, RenewalStatus status) {
    if (auto known = find_pass(database, number.text())) {
        return std::move(*known);
    }
    PassRecord original = new_pass;
    original.pass.number = number;
    original.pass.state = status == RenewalStatus::issued ? PassState::off : PassState::active;
    insert_pass(database, original, std::nullopt);
    return original;
}

RenewalRecord renewal_of(const PassRecord& new_pass, const PassRecord& original, const Port& port,
                         RenewalStatus status, const FeeRule& fee_rule) {
    RenewalState state;
    state.status = status;
    state.approved = true;  // the list is of applications that went through
    const bool free = is_free(original.pass, fee_rule);
    state.payment = free ? Payment::not_required : Payment::confirmed;
    state.valid_to = new_pass.pass.valid_to;
    state.made_elsewhere = status != RenewalStatus::approved;
    // Named by its pass, so that a fresh database names it the same again.
    const Sha256 hash = sha256(as_bytes("imported renewal " + new_pass.pass.number.text()));
    return RenewalRecord{RenewalId(Uuid::v8_from_hash(hash)),
                         1,
                         state,
                         new_pass.pass.number,
                         original.pass.number,
                         new_pass.pass.valid_from,
                         port,
                         free,
                         new_pass.pass.times_exchanged,
                         {},
                         {},
                         {},
                         new_pass.company,
                         new_pass.holder_name,
                         new_pass.id_number,
                         new_pass.port_areas,
                         new_pass.photo};
}

/// False where the row has no usable number, date, port or status.
bool import_renewal(sqlite::Database& database, const CsvRow& row, const FeeRule& fee_rule,
                    Timestamp now) {
    auto new_pass = pass_of(row, "pass_no");
    const auto old_number = PassNumber::parse(value(row, "original_pass_no"));
    const auto status = parse_shown(value(row, "status"));
    if (!new_pass || !old_number || !status) {
        return false;
    }
    // The list names no pick-up port; the number's first letters are the best that is known.
    const auto port = Port::parse(new_pass->pass.number.text().substr(0, 2));
    if (!port) {
        return false;
    }
    const PassRecord original = original_of(database, *new_pass, *old_number, *status);
    new_pass->pass_kind = rfid_kind;
    new_pass->pass.state =
        *status == RenewalStatus::issued ? PassState::active : PassState::pending;
    new_pass->pass.times_exchanged = original.pass.times_exchanged + 1;
    insert_pass(database, *new_pass, original.pass.number);
    insert_renewal(database, renewal_of(*new_pass, original, *port, *status, fee_rule), now);
    return true;
}

}  // namespace

Result<ImportCounts> Store::import_passes(std::string_view csv) {
    const auto rows = read_csv(csv);
    if (!rows) {
        return tl::make_unexpected(rows.error());
    }
    return in_transaction(database_, [&] {
        ImportCounts counts;
        for (const CsvRow& row : *rows) {
            auto pass = pass_of(row, "pass_no");
            if (!pass) {
                counts.skipped.push_back(row.line);
            } else if (find_pass(database_, pass->pass.number.text())) {
                ++counts.known;
            } else {
                pass->pass.has_photo = value(row, "photo") == "有";
                pass->pass_kind = value(row, "pass_kind");
                insert_pass(database_, *pass, std::nullopt);
                ++counts.added;
            }
        }
        return counts;
    });
}

Result<Reply<PhotoHash>> Store::import_photo(const PassNumber& number, const PhotoFile& photo) {
    return in_transaction(database_, [&]() -> Reply<PhotoHash> {
        if (!find_pass(database_, number.text())) {
            return wire::Problem{not_found, "unknown", unknown_pass_words(number.text()), false};
        }
        const BytesView octets = as_bytes(photo.octets.reveal());
        const PhotoHash hash(sha256(octets));
        must(
            database_.run("INSERT OR IGNORE INTO photo (sha256, media_type, octets) VALUES (?,?,?)",
                          {BytesView(hash.value), photo.media_type, octets}));
        must(database_.run("UPDATE pass SET has_photo=1, photo_sha256=? WHERE pass_no=?",
                           {BytesView(hash.value), number.text()}));
        // An exchange that is open shows the photo on file.
        for (const RenewalRecord& open :
             find_renewals(database_, "r.old_pass_no = ? AND r.status IN ('approved', 'produced')",
                           {number.text()})) {
            if (open.photo != hash) {
                must(database_.run("UPDATE pass SET has_photo=1, photo_sha256=? WHERE pass_no=?",
                                   {BytesView(hash.value), open.pass_number.text()}));
                save_state(database_, open, true);
            }
        }
        return hash;
    });
}

Result<ImportCounts> Store::import_renewals(std::string_view csv, Moment moment) {
    const auto rows = read_csv(csv);
    if (!rows) {
        return tl::make_unexpected(rows.error());
    }
    return in_transaction(database_, [&] {
        ImportCounts counts;
        for (const CsvRow& row : *rows) {
            if (find_pass(database_, value(row, "pass_no"))) {
                ++counts.known;
            } else if (import_renewal(database_, row, fee_rule_, moment.now)) {
                ++counts.added;
            } else {
                counts.skipped.push_back(row.line);
            }
        }
        return counts;
    });
}

}  // namespace card::central
