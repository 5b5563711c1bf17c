#include "station/console/console.hpp"

#include <charconv>
#include <variant>

#include <boost/json.hpp>

#include "station/console/answers.hpp"
#include "station/console/cards.hpp"
#include "station/console/form.hpp"
#include "station/console/photo.hpp"
#include "station/console/sitting.hpp"
#include "station/observe/words.hpp"

namespace card::console {
namespace {

namespace json = boost::json;

constexpr std::int64_t max_listed = 500;
constexpr std::int64_t max_journal_lines = 500;
constexpr std::int64_t max_wait_s = 30;

void add_words(json::object& target, const std::optional<issuance::Notice>& notice) {
    if (notice) {
        const observe::Words& words = observe::words(*notice);
        target["notice"] = words.name;
        target["tone"] = observe::name(words.tone);
        target["words_zh"] = words.zh;
        target["words_en"] = words.en;
    }
}

json::object reader_json(const desk::ReaderView& view) {
    json::object reader{
        {"name", view.name},
        {"role", view.role == config::ReaderRole::counter ? "counter" : "production"},
        {"up", view.up},
        {"stuck", view.stuck},
        {"card_present", view.card_present}};
    add_words(reader, view.notice);
    if (view.pass_number) {
        reader["pass_no"] = view.pass_number->text();
    }
    if (view.trouble) {
        reader["trouble"] = name(*view.trouble);
        reader["trouble_zh"] =
            view.stuck ? observe::words_of_stuck_reader().zh : observe::words(*view.trouble).zh;
    }
    return reader;
}

json::object sitting_json(const desk::SittingView& sitting) {
    json::object body{{"id", sitting.id},
                      {"step", sitting.step},
                      {"finished", sitting.finished},
                      {"code", sitting.code}};
    add_words(body, sitting.notice);
    if (sitting.pass_number) {
        body["pass_no"] = sitting.pass_number->text();
    }
    if (sitting.port) {
        body["port"] = sitting.port->text();
        body["port_name"] = sitting.port->name();
    }
    return body;
}

asio::awaitable<http::Response> status(Console& console) {
    auto read = [](ledger::Ledger& ledger) { return ledger.counts(); };
    Result<ledger::Counts> counts = co_await console.station.ledger.run(std::move(read));
    if (!counts) {
        co_return problem(500, counts.error().fault, counts.error().detail);
    }
    auto allowed = [](ledger::Ledger& ledger) { return ledger.offline_allowance(); };
    const Result<std::int64_t> allowance = co_await console.station.ledger.run(std::move(allowed));
    if (!allowance) {
        co_return problem(500, allowance.error().fault, allowance.error().detail);
    }
    const auto& heard = console.station.last_heartbeat;
    json::array readers;
    for (const desk::ReaderView* view : console.readers) {
        readers.push_back(reader_json(*view));
    }
    co_return reply(200, json::object{{"station", console.station.config.station},
                                      {"business_date", console.station.today().iso()},
                                      {"central_reachable", console.station.central_reachable},
                                      {"to_produce", counts->to_produce},
                                      {"in_doubt", counts->in_doubt},
                                      {"to_collect", counts->to_collect},
                                      {"to_void", counts->to_void},
                                      {"missing", counts->missing},
                                      {"handed_over", counts->handed_over},
                                      {"unacknowledged_facts", counts->unacknowledged_facts},
                                      {"last_heartbeat", heard ? to_rfc3339(*heard) : ""},
                                      {"clock_differs", console.station.clock_differs},
                                      {"offline_handover_s", *allowance},
                                      {"readers", std::move(readers)}});
}

struct Listed {
    Renewal renewal;
    std::optional<IssuedCard> card;
};

json::object listed_json(const Listed& entry) {
    json::object row{{"pass_no", entry.renewal.pass_number.text()},
                     {"old_pass_no", entry.renewal.old_pass_number.text()},
                     {"status", name(entry.renewal.status)},
                     {"status_zh", shown(entry.renewal.status)},
                     {"held", entry.renewal.held},
                     {"valid_from", entry.renewal.valid_from.iso()},
                     {"valid_to", entry.renewal.valid_to.iso()}};
    if (entry.card) {
        row["card_stage"] = name(entry.card->stage);
        row["card_missing"] = entry.card->missing;
        if (entry.card->condemned) {
            row["card_condemned"] = name(*entry.card->condemned);
        }
        row["card_uid"] = entry.card->uid.hex();
        row["attempt"] = entry.card->attempt.value.text();
    }
    return row;
}

Result<Listed> with_card(ledger::Ledger& ledger, Renewal renewal) {
    auto card = ledger.card_of(renewal.id);
    if (!card) {
        return tl::make_unexpected(card.error());
    }
    return Listed{std::move(renewal), std::move(*card)};
}

asio::awaitable<http::Response> renewals(Console& console) {
    auto read = [](ledger::Ledger& ledger) -> Result<std::vector<Listed>> {
        auto found = ledger.renewals(max_listed);
        if (!found) {
            return tl::make_unexpected(found.error());
        }
        std::vector<Listed> listed;
        for (Renewal& renewal : *found) {
            auto entry = with_card(ledger, std::move(renewal));
            if (!entry) {
                return tl::make_unexpected(entry.error());
            }
            listed.push_back(std::move(*entry));
        }
        return listed;
    };
    Result<std::vector<Listed>> listed = co_await console.station.ledger.run(std::move(read));
    if (!listed) {
        co_return problem(500, listed.error().fault, listed.error().detail);
    }
    json::array rows;
    for (const Listed& entry : *listed) {
        rows.push_back(listed_json(entry));
    }
    co_return reply(200, json::object{{"renewals", std::move(rows)}});
}

/// What people name a renewal by: a pass, or a card by its UID.
using Named = std::variant<PassNumber, CardUid>;

Result<Named> named_by(const std::string& text) {
    if (const auto uid = CardUid::parse(text)) {
        return Named(*uid);
    }
    return PassNumber::parse(text).map([](PassNumber number) { return Named(std::move(number)); });
}

/// By the new number or the old one.
Result<std::optional<Renewal>> renewal_of(ledger::Ledger& ledger, const PassNumber& number) {
    auto renewal = ledger.renewal_by_pass(number);
    if (!renewal || *renewal) {
        return renewal;
    }
    return ledger.renewal_of_old_pass(number);
}

/// By the chip of a card that is not over.
Result<std::optional<Renewal>> renewal_of(ledger::Ledger& ledger, const CardUid& uid) {
    const auto card = ledger.card_by_uid(uid);
    if (!card || !*card) {
        return card.map([](const auto&) { return std::optional<Renewal>(); });
    }
    return ledger.renewal((*card)->renewal);
}

asio::awaitable<http::Response> find_pass(Console& console, std::string text) {
    const Result<Named> named = named_by(text);
    if (!named) {
        co_return problem(400, named.error().fault, named.error().detail);
    }
    auto read = [named = *named](ledger::Ledger& ledger) -> Result<std::optional<Listed>> {
        auto renewal =
            std::visit([&](const auto& name) { return renewal_of(ledger, name); }, named);
        if (!renewal || !*renewal) {
            return renewal.map([](const auto&) { return std::optional<Listed>(); });
        }
        return with_card(ledger, std::move(**renewal)).map([](Listed entry) {
            return std::optional(std::move(entry));
        });
    };
    const Result<std::optional<Listed>> found =
        co_await console.station.ledger.run(std::move(read));
    if (!found) {
        co_return problem(500, found.error().fault, found.error().detail);
    }
    if (!*found) {
        co_return problem(404, Fault::correct_input, "no renewal here has this pass or card");
    }
    co_return reply(200, listed_json(**found));
}

asio::awaitable<http::Response> history(Console& console, std::string text) {
    const Result<Named> named = named_by(text);
    if (!named) {
        co_return problem(400, named.error().fault, named.error().detail);
    }
    auto read = [named = *named](ledger::Ledger& ledger) {
        return std::visit([&](const auto& name) { return ledger.history(name); }, named);
    };
    Result<std::vector<std::string>> lines = co_await console.station.ledger.run(std::move(read));
    if (!lines) {
        co_return problem(500, lines.error().fault, lines.error().detail);
    }
    json::array entries;
    for (const std::string& line : *lines) {
        entries.push_back(json::parse(line));
    }
    co_return reply(200, json::object{{"journal", std::move(entries)}});
}

std::int64_t number_in(std::string_view text, std::int64_t otherwise) {
    std::int64_t value = otherwise;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

asio::awaitable<http::Response> journal(Console& console, std::string target) {
    const std::int64_t after = number_in(http::query_value(target, "after"), 0);
    auto read = [after](ledger::Ledger& ledger) {
        return ledger.journal_after(after, max_journal_lines);
    };
    Result<std::vector<std::string>> lines = co_await console.station.ledger.run(std::move(read));
    if (!lines) {
        co_return problem(500, lines.error().fault, lines.error().detail);
    }
    json::array entries;
    for (const std::string& line : *lines) {
        entries.emplace_back(line);
    }
    co_return reply(200, json::object{{"lines", std::move(entries)}});
}

asio::awaitable<http::Response> backup(Console& console, std::string body) {
    boost::system::error_code error;
    const json::value request = json::parse(body, error);
    const json::value* folder =
        !error && request.is_object() ? request.get_object().if_contains("folder") : nullptr;
    if (folder == nullptr || !folder->is_string()) {
        co_return problem(400, Fault::correct_input, R"(expected {"folder": "/path"})");
    }
    std::string place(folder->get_string());
    auto act = [place](ledger::Ledger& ledger) { return ledger.backup(place); };
    Result<ledger::Backup> made = co_await console.station.ledger.run(std::move(act));
    observe::EventLog& log = console.station.log;
    if (!made) {
        log.tell(observe::EventId::ledger_backup_failed,
                 {observe::detail_field(made.error().detail)});
        co_return problem(400, made.error().fault, made.error().detail);
    }
    log.tell(observe::EventId::ledger_backup_made, {observe::count_field(made->journal_records)});
    co_return reply(201, json::object{{"file", made->file},
                                      {"octets", made->octets},
                                      {"journal_records", made->journal_records}});
}

/// Who answers for something unusual; nothing where nobody is named. Half of it is a failure.
Result<std::optional<Approval>> approval_in(const Form& form) {
    const auto supervisor = form.text("supervisor");
    const auto reason = form.text("reason");
    if (!supervisor && !reason) {
        return std::optional<Approval>();
    }
    if (!supervisor || !reason) {
        return fail(Fault::correct_input, "supervisor and reason go together");
    }
    auto staff = StaffId::parse(*supervisor);
    const auto why = parse_waiver_reason(*reason);
    if (!staff || !why) {
        return fail(Fault::correct_input,
                    staff ? "reason is lost, stolen, damaged, not_received or left_behind"
                          : staff.error().detail);
    }
    return std::optional(Approval{std::move(*staff), *why});
}

Result<desk::Papers> papers_in(const Form& form) {
    desk::Papers papers{form.text("letter_qr"), form.text("old_pass_qr"), form.text("old_pass_no"),
                        Collector::holder, std::nullopt};
    if (papers.old_pass_qr && papers.old_pass_number) {
        return fail(Fault::correct_input, "old_pass_qr and old_pass_no exclude each other");
    }
    if (const auto collector = form.text("collector")) {
        const auto who = parse_collector(*collector);
        if (!who) {
            return fail(Fault::correct_input, "collector is holder or representative");
        }
        papers.collector = *who;
    }
    auto approval = approval_in(form);
    if (!approval) {
        return tl::make_unexpected(approval.error());
    }
    papers.approval = std::move(*approval);
    return papers;
}

http::Response begin_hand_over(Console& console, const std::string& body) {
    const auto form = Form::read(
        body, {"letter_qr", "old_pass_qr", "old_pass_no", "collector", "supervisor", "reason"});
    if (!form) {
        return problem(400, form.error().fault, form.error().detail);
    }
    auto papers = papers_in(*form);
    if (!papers) {
        return problem(400, papers.error().fault, papers.error().detail);
    }
    return begin_sitting(console, std::move(*papers));
}

/// Without a reason the sitting is only cancelled.
http::Response end_sitting(Console& console, const std::string& target) {
    const std::string reason = http::query_value(target, "reason");
    const auto refusal = issuance::parse_operator_refusal(reason);
    if (!reason.empty() && !refusal) {
        return problem(400, Fault::correct_input, "reason is photo_mismatch or not_the_holder");
    }
    if (refusal) {
        console.counter->refuse(*refusal);
    } else {
        console.counter->cancel();
    }
    return reply(202, sitting_json(console.counter->sitting()));
}

asio::awaitable<http::Response> current_sitting(Console& console, std::string target) {
    desk::CounterDesk& counter = *console.counter;
    const std::int64_t seen = number_in(http::query_value(target, "seen"), -1);
    const std::int64_t wait_s =
        std::clamp(number_in(http::query_value(target, "wait"), 0), std::int64_t{0}, max_wait_s);
    if (counter.sitting().step == seen && !counter.sitting().finished) {
        co_await counter.changed().wait_for(std::chrono::seconds(wait_s));
    }
    co_return reply(200, sitting_json(counter.sitting()));
}

}  // namespace

asio::awaitable<http::Response> answer(Console& console, http::Request request) {
    const std::vector<std::string> path = http::path_segments(request.target);
    const bool get = request.method == "GET";
    if (get && path == std::vector<std::string>{"status"}) {
        http::Response response = co_await status(console);
        co_return response;
    }
    if (get && path == std::vector<std::string>{"renewals"}) {
        http::Response response = co_await renewals(console);
        co_return response;
    }
    if (get && path.size() == 2 && path[0] == "passes") {
        std::string number = path[1];
        http::Response response = co_await find_pass(console, std::move(number));
        co_return response;
    }
    if (get && path.size() == 3 && path[0] == "passes" && path[2] == "history") {
        std::string number = path[1];
        http::Response response = co_await history(console, std::move(number));
        co_return response;
    }
    if (get && path == std::vector<std::string>{"journal"}) {
        std::string target = request.target;
        http::Response response = co_await journal(console, std::move(target));
        co_return response;
    }
    if (request.method == "POST" && path == std::vector<std::string>{"backups"}) {
        std::string body = std::move(request.body);
        http::Response response = co_await backup(console, std::move(body));
        co_return response;
    }
    const bool post = request.method == "POST";
    if (post && path == std::vector<std::string>{"hand-overs"}) {
        co_return begin_hand_over(console, request.body);
    }
    if (post && path == std::vector<std::string>{"voids"}) {
        co_return begin_void(console, request.body);
    }
    if (post && path == std::vector<std::string>{"adoptions"}) {
        co_return begin_adoption(console, request.body);
    }
    if (path == std::vector<std::string>{"sittings", "current"} && console.counter != nullptr) {
        if (get) {
            std::string target = request.target;
            http::Response response = co_await current_sitting(console, std::move(target));
            co_return response;
        }
        if (request.method == "DELETE") {
            co_return end_sitting(console, request.target);
        }
    }
    if (get && path == std::vector<std::string>{"sittings", "current", "photo"}) {
        http::Response response = co_await photo_of_sitting(console);
        co_return response;
    }
    if (get && path == std::vector<std::string>{"tasks"}) {
        http::Response response = co_await work(console);
        co_return response;
    }
    if (post && path.size() == 3 && path[0] == "cards") {
        std::string number = path[1];
        std::string report = path[2];
        std::string body = std::move(request.body);
        http::Response response =
            co_await report_card(console, std::move(number), std::move(report), std::move(body));
        co_return response;
    }
    if (post && path.size() == 3 && path[0] == "readers" && path[2] == "resume") {
        std::string reader = path[1];
        std::string body = std::move(request.body);
        http::Response response = co_await resume_line(console, std::move(reader), std::move(body));
        co_return response;
    }
    co_return problem(404, Fault::correct_input, "no such resource");
}

}  // namespace card::console
