#include "station/console/cards.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include "station/console/answers.hpp"
#include "station/console/form.hpp"
#include "station/console/sitting.hpp"
#include "station/desk/card_work.hpp"
#include "station/observe/words.hpp"

namespace card::console {
namespace {

namespace json = boost::json;

/// A refusal in the words of a notice.
http::Response refusal(issuance::Notice notice) {
    const observe::Words& words = observe::words(notice);
    http::Response response = reply(409, json::object{{"status", 409},
                                                      {"code", words.name},
                                                      {"words_zh", words.zh},
                                                      {"words_en", words.en},
                                                      {"detail", words.en}});
    response.content_type = "application/problem+json";
    return response;
}

/// The staff id of a form; nothing where none stands in it.
Result<std::optional<StaffId>> supervisor_in(const Form& form) {
    const auto text = form.text("supervisor");
    if (!text) {
        return std::optional<StaffId>();
    }
    return StaffId::parse(*text).map([](StaffId staff) { return std::optional(std::move(staff)); });
}

observe::EventId event_of(issuance::Report report) {
    switch (report) {
        case issuance::Report::missing:
            return observe::EventId::card_missing;
        case issuance::Report::found:
            return observe::EventId::card_found;
        case issuance::Report::written_off:
            return observe::EventId::card_written_off;
    }
    return observe::EventId::card_missing;
}

}  // namespace

asio::awaitable<http::Response> work(Console& console) {
    auto read = [trusted = console.station.vault.trust_list(), today = console.station.today()](
                    ledger::Ledger& ledger) { return desk::list_work(ledger, trusted, today); };
    const Result<std::vector<desk::ListedWork>> listed =
        co_await console.station.ledger.run(std::move(read));
    if (!listed) {
        co_return problem(500, listed.error().fault, listed.error().detail);
    }
    json::array rows;
    for (const desk::ListedWork& entry : *listed) {
        json::object row{{"pass_no", entry.pass_number.text()},
                         {"work", name(entry.item.work)},
                         {"why", entry.item.why}};
        if (entry.card) {
            row["card_stage"] = name(entry.card->stage);
            row["card_uid"] = entry.card->uid.hex();
        }
        rows.push_back(std::move(row));
    }
    json::array stopped;
    for (const desk::ReaderView* view : console.readers) {
        if (view->notice == issuance::Notice::line_stopped) {
            stopped.emplace_back(view->name);
        }
    }
    co_return reply(
        200, json::object{{"work", std::move(rows)}, {"stopped_readers", std::move(stopped)}});
}

asio::awaitable<http::Response> report_card(Console& console, std::string pass_number,
                                            std::string report, std::string body) {
    const Result<PassNumber> number = PassNumber::parse(pass_number);
    const auto what = issuance::parse_report(report);
    const Result<Form> form = Form::read(body, {"supervisor"});
    if (!number || !what || !form) {
        co_return problem(400, Fault::correct_input,
                          !number ? number.error().detail
                          : !form ? form.error().detail
                                  : "a card is missing, found or written_off");
    }
    const Result<std::optional<StaffId>> staff = supervisor_in(*form);
    if (!staff) {
        co_return problem(400, staff.error().fault, staff.error().detail);
    }
    auto act = [number = *number, what = *what, staff = *staff](ledger::Ledger& ledger) {
        return desk::carry_out(ledger, number, what, staff);
    };
    const Result<desk::Reported> reported = co_await console.station.ledger.run(std::move(act));
    if (!reported) {
        co_return problem(500, reported.error().fault, reported.error().detail);
    }
    if (!reported->known || reported->refused) {
        co_return refusal(reported->refused.value_or(issuance::Notice::pass_not_known));
    }
    console.station.owed.notify();
    console.station.work.notify();
    std::vector<observe::Field> fields{observe::pass_field(*number)};
    if (*staff) {
        fields.push_back(observe::staff_field(**staff));
    }
    console.station.log.tell(event_of(*what), fields);
    co_return reply(200, json::object{{"pass_no", number->text()}, {"report", name(*what)}});
}

http::Response begin_void(Console& console, const std::string& body) {
    const auto form = Form::read(body, {"pass_no", "reason", "tap", "supervisor"});
    if (!form) {
        return problem(400, form.error().fault, form.error().detail);
    }
    const auto number = PassNumber::parse(form->text("pass_no").value_or(""));
    const auto reason = parse_void_reason(form->text("reason").value_or(""));
    const std::string tap = form->text("tap").value_or("yes");
    auto staff = supervisor_in(*form);
    if (!number || !reason || !staff || (tap != "yes" && tap != "no")) {
        return problem(400, Fault::correct_input,
                       !number   ? number.error().detail
                       : !staff  ? staff.error().detail
                       : !reason ? "reason is withdrawn, expired, not_collected, data_changed, "
                                   "dead, damaged or ordered"
                                 : "tap is yes or no");
    }
    return begin_sitting(console,
                         desk::VoidRequest{*number, *reason, tap == "no", std::move(*staff)});
}

http::Response begin_adoption(Console& console, const std::string& body) {
    const auto form = Form::read(body, {"pass_no"});
    if (!form) {
        return problem(400, form.error().fault, form.error().detail);
    }
    const auto number = PassNumber::parse(form->text("pass_no").value_or(""));
    if (!number) {
        return problem(400, Fault::correct_input, number.error().detail);
    }
    return begin_sitting(console, desk::AdoptRequest{*number});
}

asio::awaitable<http::Response> resume_line(Console& console, std::string reader,
                                            std::string body) {
    const Result<Form> form = Form::read(body, {"supervisor"});
    const auto view =
        std::find_if(console.readers.begin(), console.readers.end(),
                     [&](const desk::ReaderView* each) { return each->name == reader; });
    if (!form || view == console.readers.end()) {
        co_return problem(form ? 404 : 400, Fault::correct_input,
                          form ? "no reader has this name" : form.error().detail);
    }
    const Result<std::optional<StaffId>> staff = supervisor_in(*form);
    if (!staff || !*staff) {
        co_return problem(400, Fault::correct_input,
                          staff ? "supervisor is missing" : staff.error().detail);
    }
    auto act = [reader, staff = **staff](ledger::Ledger& ledger) {
        return ledger.resume_line(reader, staff);
    };
    const Result<void> resumed = co_await console.station.ledger.run(std::move(act));
    if (!resumed) {
        co_return problem(500, resumed.error().fault, resumed.error().detail);
    }
    console.station.log.tell(observe::EventId::line_resumed,
                             {observe::reader_field(reader), observe::staff_field(**staff)});
    console.station.work.notify();
    co_return reply(200, json::object{{"reader", reader}});
}

}  // namespace card::console
