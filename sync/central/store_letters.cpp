// The outbox of letters and what is known of those that are out.

#include "sync/central/rows.hpp"

namespace card::central {

void supersede_letter(sqlite::Database& database, const RenewalId& renewal, Timestamp now) {
    must(database.run("UPDATE letter SET superseded_at=? WHERE renewal=? AND superseded_at IS NULL",
                      {to_rfc3339(now), renewal.value.text()}));
}

Result<std::vector<Letter>> Store::due_letters(std::int64_t limit) {
    return in_transaction(database_, [&] {
        sqlite::Statement rows = database_.query(
            "SELECT l.id, l.qr, l.made_on, l.renewal, p.email FROM letter l"
            " JOIN renewal r ON r.id = l.renewal JOIN pass p ON p.pass_no = r.pass_no"
            " WHERE l.sent_at IS NULL AND l.superseded_at IS NULL ORDER BY l.number LIMIT ?",
            {limit});
        std::vector<Letter> letters;
        while (must(rows.step())) {
            const RenewalId renewal(stored(Uuid::parse(rows.text(3)), "renewal"));
            letters.push_back({stored(Uuid::parse(rows.text(0)), "id"), rows.text(1),
                               stored(BusinessDay::parse(rows.text(2)), "made_on"),
                               std::move(*find_renewal(database_, renewal)), rows.text(4)});
        }
        return letters;
    });
}

Result<bool> Store::letter_sent(const Uuid& id, Timestamp now) {
    return in_transaction(database_, [&] {
        return must(database_.run("UPDATE letter SET sent_at=? WHERE id=? AND sent_at IS NULL",
                                  {to_rfc3339(now), id.text()})) == 1;
    });
}

Result<std::vector<LetterEntry>> Store::letters() {
    return in_transaction(database_, [&] {
        sqlite::Statement rows = database_.query(
            "SELECT l.id, r.pass_no, l.made_at, l.sent_at, l.superseded_at FROM letter l"
            " JOIN renewal r ON r.id = l.renewal ORDER BY l.number");
        std::vector<LetterEntry> letters;
        while (must(rows.step())) {
            letters.push_back({stored(Uuid::parse(rows.text(0)), "id"), rows.text(1), rows.text(2),
                               rows.text(3), rows.text(4)});
        }
        return letters;
    });
}

Result<Reply<std::string>> Store::letter_code(std::string_view pass_number) {
    constexpr int not_found = 404;
    return in_transaction(database_, [&]() -> Reply<std::string> {
        sqlite::Statement row = database_.query(
            "SELECT l.qr FROM letter l JOIN renewal r ON r.id = l.renewal"
            " WHERE r.pass_no = ? AND l.superseded_at IS NULL ORDER BY l.number DESC LIMIT 1",
            {pass_number});
        if (!must(row.step())) {
            return wire::Problem{not_found, "no_letter", "此證目前沒有有效的領證通知信", false};
        }
        return row.text(0);
    });
}

}  // namespace card::central
