// The central through its two handlers: a real database, no sockets.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "cardformat/crypto/hash.hpp"
#include "cardformat/crypto/random.hpp"
#include "sync/central/central.hpp"

using namespace card;
using namespace card::central;
namespace json = boost::json;

namespace {

class FixedClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override {
        return *parse_rfc3339("2021-12-01T04:00:00.000Z");
    }
};

std::string sample(const std::string& file) {
    std::ifstream stream(std::string(SAMPLES_DIR) + "/" + file);
    BOOST_REQUIRE(stream.good());
    return {std::istreambuf_iterator<char>(stream), {}};
}

Bytes hash_of(std::string_view text) {
    const Sha256 hash = sha256(as_bytes(text));
    return {hash.begin(), hash.end()};
}

Uuid uuid(int which) {
    Bytes octets(Uuid::size, 0x33);
    octets[14] = static_cast<std::uint8_t>(which >> 8);
    octets[15] = static_cast<std::uint8_t>(which);
    return *Uuid::from(octets);
}

CardUid card_uid(int which) {
    const Bytes octets{4, 1, 2, 3, 4, 5, static_cast<std::uint8_t>(which)};
    return *CardUid::from(octets);
}

/// A central with the sample data, and a station's ledger beside it.
struct World {
    World() {
        const std::string pattern = std::filesystem::temp_directory_path() / "central.XXXXXX";
        std::string name = pattern;
        folder = ::mkdtemp(name.data());
        auto store =
            Store::open(folder / "central.db", random, FeeRule{*BusinessDay::parse("2021-11-01")});
        BOOST_REQUIRE(store);
        central = std::make_shared<Central>(Central{
            context,
            std::move(*store),
            {{"kh", {*Port::parse("KH")}},
             {"kh2", {*Port::parse("KH")}},
             {"kl", {*Port::parse("KL")}}},
            clock,
            std::nullopt,
            [this](std::string_view event, const EventFields&) { events.emplace_back(event); }});
        BOOST_REQUIRE(central->store.import_passes(sample("eligible-passes.csv")));
        BOOST_REQUIRE(
            central->store.import_renewals(sample("renewals-list.csv"), central->moment()));
    }
    ~World() {
        central.reset();
        std::filesystem::remove_all(folder);
    }

    http::Peer peer{};  ///< who asks from now on

    http::Response call(bool admin, std::string method, std::string target, std::string body = {},
                        std::map<std::string, std::string> headers = {}) {
        http::Request request{std::move(method), std::move(target), std::move(headers),
                              std::move(body), peer};
        http::Response response;
        const auto keep = [&response](const std::exception_ptr& error, http::Response got) {
            BOOST_REQUIRE(!error);
            response = std::move(got);
        };
        asio::co_spawn(context,
                       admin ? admin_api(central, std::move(request))
                             : station_api(central, std::move(request)),
                       keep);
        context.restart();
        context.run();
        return response;
    }

    json::value apply(std::vector<std::string> passes, const std::string& port = "KH") {
        json::array list(passes.begin(), passes.end());
        const auto response =
            call(true, "POST", "/v1/admin/applications",
                 json::serialize(json::object{{"pickup_port", port}, {"passes", list}}));
        BOOST_REQUIRE(response.status == 200);
        return json::parse(response.body);
    }

    http::Response decide(const std::string& which, const std::string& act,
                          const std::string& body = "{\"reason\":\"test\"}") {
        return call(true, "POST", "/v1/admin/renewals/" + which + "/" + act, body);
    }

    json::object renewal(const std::string& which) {
        return json::parse(call(true, "GET", "/v1/admin/renewals/" + which).body).as_object();
    }

    std::string status(const std::string& which) {
        return renewal(which).at("status").as_string().c_str();
    }

    wire::RenewalPage pull(const std::string& cursor = {}, const std::string& station = "kh") {
        const auto response =
            call(false, "GET", "/v1/stations/" + station + "/renewals?wait=0&cursor=" + cursor);
        BOOST_REQUIRE(response.status == 200);
        return std::move(*wire::decode_renewal_page(response.body));
    }

    http::Response claim_raw(int claim_id, const std::vector<RenewalId>& ids,
                             const std::string& station = "kh") {
        return call(false, "POST", "/v1/stations/" + station + "/claims",
                    encode(wire::ClaimRequest{uuid(claim_id), ids}));
    }

    wire::ClaimAnswer claim(int claim_id, RenewalId id, const std::string& station = "kh") {
        return *wire::decode_claim_answer(claim_raw(claim_id, {id}, station).body);
    }

    http::Response authorise(RenewalId id, int key, int attempt, int card, std::int64_t epoch = 1) {
        return call(false, "POST", "/v1/renewals/" + id.value.text() + "/handover-authorizations",
                    encode(wire::AuthorisationRequest{"kh", AttemptId(uuid(attempt)), Epoch(epoch),
                                                      card_uid(card)}),
                    {{"idempotency-key", uuid(key).text()}});
    }

    /// The next line of the station's ledger.
    std::string line(wire::FactType type, RenewalId id, int attempt, int card,
                     std::optional<Uuid> authorisation = {}) {
        wire::Fact fact{};
        fact.id = uuid(1000 + static_cast<int>(seq));
        fact.incarnation = incarnation;
        fact.seq = ++seq;
        fact.previous = head;
        fact.at = clock.now();
        fact.type = type;
        fact.renewal = id;
        fact.attempt = AttemptId(uuid(attempt));
        fact.epoch = Epoch(1);
        fact.card = card_uid(card);
        fact.authorisation = authorisation;
        if (type == wire::FactType::verified) {
            fact.credential = {1, 2, 3};
        }
        std::string text = encode(fact);
        head = hash_of(text);
        return text;
    }

    http::Response send(const std::string& body, const std::string& station = "kh") {
        return call(false, "POST", "/v1/stations/" + station + "/facts", body,
                    {{"content-type", "application/x-ndjson"}});
    }

    wire::FactResult tell(const std::string& text) {
        const auto answer = wire::decode_facts_answer(send(text + "\n").body);
        BOOST_REQUIRE(answer);
        BOOST_REQUIRE(answer->results.size() == 1U);
        return answer->results.front();
    }

    std::string code(const http::Response& response) {
        const auto problem = wire::decode_problem(response.body);
        return problem ? std::to_string(problem->status) + " " + problem->code : "no problem";
    }

    /// An approved application for KHPS109-010323, claimed: KHPS110-000059.
    RenewalId claimed() {
        apply({"KHPS109-010323"});
        BOOST_REQUIRE(decide(number, "approve", "").status == 200);
        const RenewalId id = pull().renewals.back().id;
        BOOST_REQUIRE(claim(1, id).granted.size() == 1U);
        return id;
    }

    RenewalId produced() {
        const RenewalId id = claimed();
        BOOST_REQUIRE((tell(line(wire::FactType::attempt_started, id, 1, 1)).outcome ==
                       wire::FactOutcome::applied));
        BOOST_REQUIRE(
            (tell(line(wire::FactType::verified, id, 1, 1)).outcome == wire::FactOutcome::applied));
        return id;
    }

    const std::string number = "KHPS110-000059";
    std::filesystem::path folder;
    FixedClock clock;
    SystemRandom random;
    asio::io_context context;
    std::shared_ptr<Central> central;
    std::vector<std::string> events;
    Uuid incarnation = uuid(500);
    std::int64_t seq = 0;
    Bytes head = Bytes(32, 0);
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(central_administration, World)

BOOST_AUTO_TEST_CASE(importing_again_changes_nothing) {
    const auto passes = central->store.import_passes(sample("eligible-passes.csv"));
    const auto renewals =
        central->store.import_renewals(sample("renewals-list.csv"), central->moment());
    BOOST_TEST(passes->added == 0);
    BOOST_TEST(passes->known == 8);
    BOOST_TEST(renewals->known == 4);
    BOOST_TEST(pull().renewals.size() == 3U);
    BOOST_TEST(pull({}, "kl").renewals.size() == 1U);
}

BOOST_AUTO_TEST_CASE(dirty_rows_are_carried_and_warned_of) {
    bool seen = false;
    for (const Renewal& renewal : pull().renewals) {
        if (renewal.pass_number.text() == "KHPS110-000030") {
            seen = true;
            BOOST_TEST(renewal.holder_name.blank());
            BOOST_TEST(renewal.masked_id.reveal() == "TEST****");
            BOOST_TEST(renewal.data_warnings.size() == 2U);
            BOOST_TEST((renewal.status == RenewalStatus::produced));
        }
    }
    BOOST_TEST(seen);
    BOOST_TEST(renewal("KHPS110-000030").at("made_elsewhere").as_bool());
}

BOOST_AUTO_TEST_CASE(each_pass_is_judged_by_itself_and_numbers_go_on_above_the_known_ones) {
    const json::value answer =
        apply({"KHPS109-000427", "KHPS109-010323", "XX", "KHPS110-000031", "KHPS110-000057"});
    const auto& accepted = answer.at("accepted").as_array();
    BOOST_REQUIRE(accepted.size() == 2U);
    BOOST_TEST(accepted[0].at("pass_number").as_string() == "KHPS110-000059");
    BOOST_TEST(accepted[0].at("fee").as_string() == "免費");
    BOOST_TEST(accepted[1].at("pass_number").as_string() == "KHPS110-000060");
    BOOST_TEST(accepted[1].at("fee").as_string() == "收費");
    const auto& refused = answer.at("refused").as_array();
    BOOST_REQUIRE(refused.size() == 3U);
    BOOST_TEST(refused[0].at("detail").as_string() ==
               "證號 KHPS109-000427 查無照片檔案，無法加入換證!!");
    BOOST_TEST(refused[1].at("detail").as_string() == "證號 XX 查無此通行證，無法加入換證!!");
    BOOST_TEST(refused[2].at("detail").as_string() ==
               "證號 KHPS110-000031 已申請換證，無法重複加入!!");
}

BOOST_AUTO_TEST_CASE(applying_twice_for_one_pass_gives_one_renewal) {
    const json::value twice = apply({"KHPS109-010323", "KHPS109-010323"});
    BOOST_TEST(twice.at("accepted").as_array().size() == 1U);
    BOOST_TEST(apply({"KHPS109-010323"}, "KL").at("accepted").as_array().empty());
}

BOOST_AUTO_TEST_CASE(two_at_once_get_one_renewal_of_a_pass_and_numbers_of_their_own) {
    const std::vector<std::string> passes{"KHPS109-010323", "KHPS109-010314", "KHPS109-010335",
                                          "KHPS110-000006", "KHPS110-000057", "KHPS110-000058"};
    std::array<std::vector<std::string>, 2> accepted;
    const auto submit_all = [&](std::size_t which) {
        auto store =
            Store::open(folder / "central.db", random, FeeRule{*BusinessDay::parse("2021-11-01")});
        for (const std::string& pass : passes) {
            const auto answer = store->submit({pass}, *Port::parse("KH"), central->moment());
            for (const Accepted& entry : answer->accepted) {
                accepted.at(which).push_back(entry.pass_number.text());
            }
        }
    };
    std::thread other(submit_all, 1);
    submit_all(0);
    other.join();
    std::set<std::string> numbers(accepted[0].begin(), accepted[0].end());
    numbers.insert(accepted[1].begin(), accepted[1].end());
    BOOST_TEST(accepted[0].size() + accepted[1].size() == passes.size());
    BOOST_TEST(numbers.size() == passes.size());
}

BOOST_AUTO_TEST_CASE(validity_and_port_areas_stay_and_the_chain_grows) {
    const json::value answer = apply({"KHPS110-000038"}, "KL");
    BOOST_TEST(answer.at("accepted").as_array()[0].at("pass_number").as_string() ==
               "KLPS110-000009");
    const json::object made = renewal("KLPS110-000009");
    BOOST_TEST(made.at("valid_from").as_string() == "2020-12-08");
    BOOST_TEST(made.at("valid_to").as_string() == "2023-11-27");
    BOOST_TEST(made.at("times_exchanged").as_int64() == 2);
    BOOST_TEST(made.at("fee").as_string() == "收費");
    BOOST_TEST(json::serialize(made.at("port_areas")) == "[\"KH\"]");
}

BOOST_AUTO_TEST_CASE(stations_see_a_renewal_from_its_approval_on) {
    const std::string before = pull().cursor;
    apply({"KHPS110-000057"});
    BOOST_TEST(pull(before).renewals.empty());
    BOOST_TEST(code(decide(number, "approve", "")) == "409 payment_pending");
    BOOST_TEST(decide(number, "approve", "{\"payment_confirmed\":true}").status == 200);
    const auto page = pull(before);
    BOOST_REQUIRE(page.renewals.size() == 1U);
    BOOST_TEST(page.renewals[0].version.value == 2);
    BOOST_TEST(pull(page.cursor).renewals.empty());
    BOOST_TEST(code(decide(number, "approve", "")) == "409 already_approved");
}

BOOST_AUTO_TEST_CASE(a_withdrawn_application_makes_the_pass_free_for_another) {
    apply({"KHPS109-010323"});
    BOOST_TEST(decide(number, "withdraw").status == 200);
    BOOST_TEST(status(number) == "withdrawn");
    BOOST_TEST(code(decide(number, "withdraw")) == "409 withdrawn");
    const json::value again = apply({"KHPS109-010323"});
    BOOST_TEST(again.at("accepted").as_array()[0].at("pass_number").as_string() ==
               "KHPS110-000060");
}

BOOST_AUTO_TEST_CASE(administration_is_not_on_the_stations_side_and_bad_input_is_refused) {
    BOOST_TEST(call(false, "GET", "/v1/admin/passes").status == 404);
    BOOST_TEST(call(true, "GET", "/v1/stations/kh/renewals").status == 404);
    BOOST_TEST(call(true, "DELETE", "/v1/admin/passes").status == 405);
    BOOST_TEST(call(true, "GET", "/v1/admin/renewals/NOPE").status == 404);
    BOOST_TEST(call(true, "POST", "/v1/admin/applications", "{").status == 400);
    BOOST_TEST(decide("KHPS110-000030", "hold", "{}").status == 400);
    BOOST_TEST(call(false, "GET", "/healthz").status == 200);
    BOOST_TEST(call(true, "GET", "/healthz").status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(central_for_stations, World)

BOOST_AUTO_TEST_CASE(an_exchange_goes_from_application_to_hand_over) {
    const RenewalId id = produced();
    BOOST_TEST(status(number) == "produced");
    BOOST_TEST(renewal(number).at("card").as_string() == card_uid(1).hex());
    const auto granted = wire::decode_authorisation(authorise(id, 7, 1, 1).body);
    BOOST_REQUIRE(granted);
    BOOST_TEST(granted->expires_in_s == 300);
    BOOST_TEST((tell(line(wire::FactType::card_activated, id, 1, 1, granted->id)).outcome ==
                wire::FactOutcome::applied));
    BOOST_TEST((tell(line(wire::FactType::handed_over, id, 1, 1, granted->id)).outcome ==
                wire::FactOutcome::applied));
    BOOST_TEST(status(number) == "issued");
    BOOST_TEST(!renewal(number).at("issued_at").as_string().empty());
    const auto again = apply({"KHPS109-010323", number});
    BOOST_TEST(again.at("refused").as_array().size() == 1U);   // the old pass is off
    BOOST_TEST(again.at("accepted").as_array().size() == 1U);  // the new one is on
    BOOST_TEST(code(authorise(id, 8, 1, 1)) == "409 already_issued");
    BOOST_TEST(code(decide(number, "withdraw")) == "409 already_issued");
}

BOOST_AUTO_TEST_CASE(a_long_poll_ends_with_the_change_it_waits_for) {
    const std::string cursor = pull().cursor;
    http::Request request{"GET", "/v1/stations/kh/renewals?wait=20&cursor=" + cursor, {}, {}};
    std::size_t found = 0;
    asio::co_spawn(context, station_api(central, std::move(request)),
                   [&found](const std::exception_ptr&, const http::Response& got) {
                       found = wire::decode_renewal_page(got.body)->renewals.size();
                   });
    context.restart();
    context.poll();
    BOOST_TEST(found == 0U);
    BOOST_TEST(central->store.submit({"KHPS109-010323"}, *Port::parse("KH"), central->moment())
                   .has_value());
    BOOST_TEST(decide(number, "approve", "").status == 200);  // runs until the poll has ended, too
    BOOST_TEST(found == 1U);
}

BOOST_AUTO_TEST_CASE(a_cursor_that_is_not_ours_is_refused) {
    const std::string target = "/v1/stations/kh/renewals?wait=0&cursor=";
    BOOST_TEST(code(call(false, "GET", target + "x")) == "400 bad_cursor");
    BOOST_TEST(code(call(false, "GET", target + "9999")) == "410 cursor_expired");
    BOOST_TEST(call(false, "GET", "/v1/stations/kh/renewals?wait=-1").status == 400);
    BOOST_TEST(code(call(false, "GET", "/v1/stations/nn/renewals")) == "404 unknown_station");
}

BOOST_AUTO_TEST_CASE(a_claim_gets_its_answer_again_and_a_station_its_epoch) {
    const RenewalId id = claimed();
    BOOST_TEST(decide(number, "hold").status == 200);
    BOOST_TEST(claim(1, id).granted.size() == 1U);  // the stored answer
    BOOST_TEST(claim(2, id).refused.at(0).code == "held");
    BOOST_TEST(decide(number, "release").status == 200);
    const auto again = claim(3, id);
    BOOST_REQUIRE(again.granted.size() == 1U);
    BOOST_TEST(again.granted[0].epoch.value == 1);
    BOOST_TEST(again.granted[0].lease_s == 43200);
    BOOST_TEST(code(claim_raw(1, {RenewalId(uuid(9))})) == "422 claim_id_reused");
}

BOOST_AUTO_TEST_CASE(claims_are_refused_one_by_one) {
    const RenewalId id = claimed();
    BOOST_TEST(claim(10, id, "kh2").refused.at(0).code == "already_claimed");
    BOOST_TEST(claim(11, id, "kl").refused.at(0).code == "not_yours");
    BOOST_TEST(claim(12, RenewalId(uuid(9))).refused.at(0).code == "unknown");
    BOOST_TEST(claim_raw(13, {}).status == 200);
    BOOST_TEST(call(false, "POST", "/v1/stations/kh/claims", "[]").status == 400);
}

BOOST_AUTO_TEST_CASE(an_authorisation_is_the_same_for_the_same_key_while_it_may_be_given) {
    const RenewalId id = produced();
    const auto first = authorise(id, 7, 1, 1);
    BOOST_TEST(authorise(id, 7, 1, 1).body == first.body);
    BOOST_TEST(code(authorise(id, 7, 1, 2)) == "422 idempotency_key_reused");
    BOOST_TEST(code(authorise(id, 8, 2, 1)) == "409 other_card");
    BOOST_TEST(code(authorise(id, 9, 1, 1, 2)) == "409 wrong_epoch");
    BOOST_TEST(decide(number, "hold").status == 200);
    BOOST_TEST(code(authorise(id, 7, 1, 1)) == "409 held");
    BOOST_TEST(decide(number, "release").status == 200);
    BOOST_TEST(authorise(id, 7, 1, 1).body == first.body);
    const auto keyless =
        call(false, "POST", "/v1/renewals/" + id.value.text() + "/handover-authorizations",
             encode(wire::AuthorisationRequest{"kh", AttemptId(uuid(1)), Epoch(1), card_uid(1)}));
    BOOST_TEST(code(keyless) == "400 idempotency_key");
}

BOOST_AUTO_TEST_CASE(facts_are_known_again_and_never_rewritten) {
    const RenewalId id = claimed();
    const std::string first = line(wire::FactType::attempt_started, id, 1, 1);
    const std::string second = line(wire::FactType::torn, id, 1, 1);
    const auto answer = wire::decode_facts_answer(send(first + "\n" + second + "\n").body);
    BOOST_REQUIRE(answer);
    BOOST_TEST(answer->acked_through == 2);
    BOOST_TEST((tell(first).outcome == wire::FactOutcome::duplicate));
    std::string rewritten = second;
    rewritten.replace(rewritten.find("torn"), 4, "verified");
    BOOST_TEST(code(send(rewritten)) == "409 fact_rewritten");
    const auto known = wire::decode_acknowledged(
        call(false, "GET", "/v1/stations/kh/facts/acknowledged?incarnation=" + incarnation.text())
            .body);
    BOOST_TEST(known->seq == 2);
    BOOST_TEST((known->head == head));
}

BOOST_AUTO_TEST_CASE(a_gap_is_told_with_where_to_go_on_and_can_be_tried_again) {
    const RenewalId id = claimed();
    const std::string first = line(wire::FactType::attempt_started, id, 1, 1);
    const std::string second = line(wire::FactType::torn, id, 1, 1);
    const auto problem = wire::decode_problem(send(second).body);
    BOOST_REQUIRE(problem);
    BOOST_TEST(problem->code == "fact_gap");
    BOOST_TEST(problem->retryable);
    BOOST_TEST(problem->detail.find("acked_through=0") != std::string::npos);
    BOOST_TEST(send(first + "\n" + second).status == 200);
}

BOOST_AUTO_TEST_CASE(a_broken_chain_is_refused_for_good) {
    const RenewalId id = claimed();
    tell(line(wire::FactType::attempt_started, id, 1, 1));
    head[0] = static_cast<std::uint8_t>(head[0] ^ 1U);
    const auto problem = wire::decode_problem(send(line(wire::FactType::torn, id, 1, 1)).body);
    BOOST_REQUIRE(problem);
    BOOST_TEST(problem->code == "fact_chain_broken");
    BOOST_TEST(!problem->retryable);
}

BOOST_AUTO_TEST_CASE(a_fact_that_nobody_understands_does_not_hold_up_the_rest) {
    const RenewalId id = claimed();
    std::string odd = line(wire::FactType::torn, id, 1, 1);
    odd.replace(odd.find("torn"), 4, "dreamt");
    head = hash_of(odd);
    const std::string garbage = "not even JSON";
    const std::string next = [&] {
        ++seq;
        head = hash_of(garbage);
        return line(wire::FactType::attempt_started, id, 1, 1);
    }();
    const std::string body = odd + "\n" + garbage + "\n" + next + "\n";
    for (const auto expected : {wire::FactOutcome::stored_unknown, wire::FactOutcome::duplicate}) {
        const auto answer = wire::decode_facts_answer(send(body).body);
        BOOST_REQUIRE(answer);
        BOOST_TEST(answer->acked_through == 3);
        BOOST_TEST((answer->results.at(0).outcome == expected));
        BOOST_TEST((answer->results.at(1).outcome == expected));
    }
    BOOST_TEST((tell(line(wire::FactType::torn, RenewalId(uuid(9)), 1, 1)).outcome ==
                wire::FactOutcome::stored_unknown));
    BOOST_TEST(send("").status == 400);
}

BOOST_AUTO_TEST_CASE(a_withdrawal_stops_a_renewal_in_each_state_before_it_is_issued) {
    const RenewalId id = claimed();
    BOOST_TEST(decide(number, "withdraw").status == 200);
    const auto started = tell(line(wire::FactType::attempt_started, id, 1, 1));
    BOOST_TEST((started.outcome == wire::FactOutcome::stored_conflict));
    BOOST_TEST(started.order == "void_card");
    BOOST_TEST(tell(line(wire::FactType::verified, id, 1, 1)).order == "void_card");
    BOOST_TEST(
        (tell(line(wire::FactType::voided, id, 1, 1)).outcome == wire::FactOutcome::applied));
    BOOST_TEST(status(number) == "withdrawn");
}

BOOST_AUTO_TEST_CASE(a_card_handed_over_before_the_withdrawal_was_known_keeps_both_facts) {
    const RenewalId id = produced();
    const auto granted = wire::decode_authorisation(authorise(id, 7, 1, 1).body);
    BOOST_TEST(decide(number, "withdraw").status == 200);
    BOOST_TEST(code(authorise(id, 7, 1, 1)) == "409 withdrawn");
    const std::string handed = line(wire::FactType::handed_over, id, 1, 1, granted->id);
    const auto result = tell(handed);
    BOOST_TEST((result.outcome == wire::FactOutcome::stored_conflict));
    BOOST_TEST(result.order == "void_card");
    BOOST_TEST(tell(handed).order == "void_card");  // told again with the duplicate
    BOOST_TEST(status(number) == "withdrawn");
}

BOOST_AUTO_TEST_CASE(a_spoiled_card_is_made_again_and_only_the_new_one_is_authorised) {
    const RenewalId id = produced();
    BOOST_TEST(authorise(id, 7, 1, 1).status == 200);
    BOOST_TEST(
        (tell(line(wire::FactType::spoiled, id, 1, 1)).outcome == wire::FactOutcome::applied));
    BOOST_TEST(status(number) == "approved");
    BOOST_TEST(code(authorise(id, 7, 1, 1)) == "409 not_produced");
    tell(line(wire::FactType::attempt_started, id, 2, 2));
    tell(line(wire::FactType::verified, id, 2, 2));
    BOOST_TEST(code(authorise(id, 7, 1, 1)) == "409 other_card");
    BOOST_TEST(authorise(id, 8, 2, 2).status == 200);
}

BOOST_AUTO_TEST_CASE(too_many_or_too_long_facts_are_refused_at_once) {
    std::string many;
    for (std::size_t i = 0; i <= wire::max_fact_batch; ++i) {
        many += "{}\n";
    }
    BOOST_TEST(send(many).status == 413);
    BOOST_TEST(send(std::string(wire::max_fact_size + 1, 'x')).status == 413);
}

BOOST_AUTO_TEST_CASE(what_was_answered_survives_a_restart) {
    const RenewalId id = produced();
    central->store = std::move(
        *Store::open(folder / "central.db", random, FeeRule{*BusinessDay::parse("2021-11-01")}));
    BOOST_TEST(status(number) == "produced");
    BOOST_TEST(authorise(id, 7, 1, 1).status == 200);
    std::ofstream(folder / "other.db") << "no database at all, but long enough to be looked at";
    BOOST_TEST(!Store::open(folder / "other.db", random, FeeRule{}));
}

BOOST_AUTO_TEST_CASE(a_certificate_of_another_station_is_refused_everywhere) {
    const RenewalId id = claimed();
    const std::vector<std::pair<std::string, std::string>> routes{
        {"GET", "renewals"},
        {"POST", "claims"},
        {"POST", "facts"},
        {"GET", "facts/acknowledged?incarnation=" + uuid(1).text()},
        {"GET", "nothing"}};
    for (const char* other : {"kl", "kh2", "k", "unknown"}) {
        peer = *http::StationName::parse(other);
        for (const auto& [method, route] : routes) {
            BOOST_TEST(code(call(false, method, "/v1/stations/kh/" + route)) == "403 wrong_station",
                       other << " " << route);
        }
        BOOST_TEST(code(authorise(id, 1, 1, 1)) == "403 wrong_station", other);
    }
    BOOST_TEST(std::count(events.begin(), events.end(), "wrong_station") == 24);
}

BOOST_AUTO_TEST_CASE(a_certificate_opens_its_own_station_and_no_unknown_one) {
    peer = *http::StationName::parse("kh");
    BOOST_TEST(call(false, "GET", "/v1/stations/kh/renewals").status == 200);
    peer = *http::StationName::parse("unknown");
    BOOST_TEST(code(call(false, "GET", "/v1/stations/unknown/renewals")) == "404 unknown_station");
}

BOOST_AUTO_TEST_CASE(a_payment_is_confirmed_by_itself_and_approval_needs_it) {
    apply({"KHPS110-000057"});
    BOOST_TEST(renewal(number).at("payment").as_string() == "pending");
    BOOST_TEST(decide(number, "payment", "").status == 200);
    BOOST_TEST(renewal(number).at("payment").as_string() == "confirmed");
    BOOST_TEST(code(decide(number, "payment", "")) == "409 payment_confirmed");
    BOOST_TEST(decide(number, "approve", "").status == 200);
}

BOOST_AUTO_TEST_CASE(a_claim_that_is_given_back_is_granted_to_another_with_the_next_epoch) {
    const RenewalId id = claimed();
    const auto release = [&](std::int64_t epoch) {
        const auto response = call(false, "POST", "/v1/stations/kh/claims/releases",
                                   encode(wire::ReleaseRequest{{{id, Epoch(epoch)}}}));
        return *wire::decode_release_answer(response.body);
    };
    BOOST_TEST(release(7).refused.at(0).code == "wrong_epoch");
    BOOST_TEST(release(1).released.size() == 1U);
    const auto granted = claim(20, id, "kh2").granted;
    BOOST_REQUIRE(granted.size() == 1U);
    BOOST_TEST(granted[0].epoch.value == 2);
    BOOST_TEST(tell(line(wire::FactType::attempt_started, id, 1, 1)).order == "void_card");
}

BOOST_AUTO_TEST_CASE(a_fenced_station_makes_no_card_live_any_more) {
    const RenewalId id = produced();
    BOOST_TEST(decide(number, "fence", "{}").status == 400);  // never without a reason
    BOOST_TEST(decide(number, "fence").status == 200);
    BOOST_TEST(status(number) == "approved");
    BOOST_TEST(code(authorise(id, 7, 1, 1)) == "409 not_produced");
    const auto granted = claim(20, id, "kh2").granted;
    BOOST_REQUIRE(granted.size() == 1U);
    BOOST_TEST(granted[0].epoch.value == 3);
    BOOST_TEST(tell(line(wire::FactType::card_activated, id, 1, 1)).order == "void_card");
}

BOOST_AUTO_TEST_CASE(an_authorised_card_cannot_be_fenced_until_the_hand_over_is_aborted) {
    const RenewalId id = produced();
    const auto granted = wire::decode_authorisation(authorise(id, 7, 1, 1).body);
    BOOST_REQUIRE(granted);
    BOOST_TEST(code(decide(number, "fence")) == "409 may_be_live");
    BOOST_TEST((tell(line(wire::FactType::handover_aborted, id, 1, 1, granted->id)).outcome ==
                wire::FactOutcome::applied));
    BOOST_TEST(code(authorise(id, 7, 1, 1)) == "409 authorisation_over");
    BOOST_TEST(tell(line(wire::FactType::card_activated, id, 1, 1, granted->id)).order ==
               "void_card");
    BOOST_TEST(authorise(id, 8, 1, 1).status == 200);  // the next sitting has its own
}

BOOST_AUTO_TEST_CASE(a_suspension_between_production_and_pick_up_stops_the_hand_over) {
    const RenewalId id = produced();
    const auto sanction = [&](const std::string& act, const std::string& body) {
        return call(true, "POST", "/v1/admin/passes/KHPS109-010323/" + act, body);
    };
    BOOST_TEST(code(sanction("suspended", "{\"reason\":\"test\"}")) == "400 malformed");
    BOOST_TEST(sanction("suspended", "{\"reason\":\"test\",\"until\":\"2021-12-31\"}").status ==
               200);
    BOOST_TEST(code(authorise(id, 7, 1, 1)) == "409 suspended");
    BOOST_TEST(sanction("reinstate", "{\"reason\":\"test\"}").status == 200);
    BOOST_TEST(authorise(id, 7, 1, 1).status == 200);
    BOOST_TEST(sanction("revoked", "{\"reason\":\"test\"}").status == 200);
    BOOST_TEST(code(authorise(id, 7, 1, 1)) == "409 revoked");  // even the same key
}

BOOST_AUTO_TEST_CASE(every_other_fact_of_a_card_is_stored_and_does_what_it_says) {
    const RenewalId id = produced();
    using Type = wire::FactType;
    const auto applied = [&](Type type, std::optional<Uuid> authorisation = {}) {
        return tell(line(type, id, 1, 1, authorisation)).outcome == wire::FactOutcome::applied;
    };
    BOOST_TEST(applied(Type::missing));
    BOOST_TEST(code(authorise(id, 7, 1, 1)) == "409 card_missing");
    BOOST_TEST(applied(Type::found));
    BOOST_TEST(applied(Type::handover_refused));
    const auto granted = wire::decode_authorisation(authorise(id, 7, 1, 1).body);
    BOOST_REQUIRE(granted);
    BOOST_TEST(applied(Type::old_pass_retired, granted->id));
    BOOST_TEST(applied(Type::written_off));
    BOOST_TEST(status(number) == "approved");
    BOOST_TEST(code(authorise(id, 8, 1, 1)) == "409 not_produced");
}

BOOST_AUTO_TEST_CASE(a_restored_ledger_fetches_its_facts_and_takes_the_place_of_the_lost_one) {
    const RenewalId id = claimed();
    const std::string first = line(wire::FactType::attempt_started, id, 1, 1);
    const std::string second = line(wire::FactType::verified, id, 1, 1);
    BOOST_TEST(send(first + "\n" + second + "\n").status == 200);
    const auto latest =
        wire::decode_acknowledged(call(false, "GET", "/v1/stations/kh/facts/acknowledged").body);
    BOOST_REQUIRE(latest);
    BOOST_TEST((latest->incarnation == incarnation));
    BOOST_TEST(latest->seq == 2);
    const std::string old = "/v1/stations/kh/facts?incarnation=" + incarnation.text();
    BOOST_TEST(call(false, "GET", old).body == first + "\n" + second + "\n");
    BOOST_TEST(call(false, "GET", old + "&after=1").body == second + "\n");
    BOOST_TEST(call(false, "GET", old + "&after=2").body.empty());

    const std::string opening = "/v1/stations/kh/incarnations/" + uuid(501).text();
    const auto open = [&](const wire::IncarnationNotice& notice) {
        return call(false, "PUT", opening, encode(notice));
    };
    BOOST_TEST(code(open({})) == "409 incarnation_follows");
    wire::Acknowledged behind = *latest;
    behind.seq = 1;
    BOOST_TEST(code(open({behind})) == "409 incarnation_head");
    BOOST_TEST(open({*latest}).status == 200);
    BOOST_TEST(open({*latest}).status == 200);  // its answer may have been lost
    BOOST_TEST((tell(second).outcome == wire::FactOutcome::duplicate));
    BOOST_TEST(code(send(line(wire::FactType::missing, id, 1, 1))) == "409 incarnation_closed");

    const auto held = wire::decode_held_claims(call(false, "GET", "/v1/stations/kh/claims").body);
    BOOST_REQUIRE(held);
    BOOST_REQUIRE(held->claims.size() == 1U);
    BOOST_TEST((held->claims[0].renewal == id));
    BOOST_TEST((held->claims[0].card == card_uid(1)));
    BOOST_TEST((held->claims[0].status == RenewalStatus::produced));

    incarnation = uuid(501);
    seq = 0;
    head = Bytes(32, 0);
    BOOST_TEST(
        (tell(line(wire::FactType::missing, id, 1, 1)).outcome == wire::FactOutcome::applied));
}

BOOST_AUTO_TEST_CASE(a_station_without_a_ledger_is_told_so_and_opens_its_first) {
    BOOST_TEST(code(call(false, "GET", "/v1/stations/kh/facts/acknowledged")) ==
               "404 no_incarnation");
    const std::string opening = "/v1/stations/kh/incarnations/" + incarnation.text();
    BOOST_TEST(
        code(call(false, "PUT", opening,
                  encode(wire::IncarnationNotice{wire::Acknowledged{uuid(1), 0, Bytes(32, 0)}}))) ==
        "409 incarnation_unknown");
    BOOST_TEST(call(false, "PUT", opening, "{}").status == 200);
    BOOST_TEST(code(call(false, "PUT", "/v1/stations/kh/incarnations/x", "{}")) == "400 malformed");
}

BOOST_AUTO_TEST_CASE(a_heartbeat_is_answered_with_the_time_and_the_offline_allowance) {
    const wire::StationStatus status{clock.now(), incarnation, 3, 1, "stationd 0.1.0"};
    const auto response = call(false, "PUT", "/v1/stations/kh/status", encode(status));
    const auto answer = wire::decode_status_answer(response.body);
    BOOST_REQUIRE(answer);
    BOOST_TEST((answer->time == clock.now()));
    BOOST_TEST(answer->offline_handover_s == 0);
    BOOST_TEST(call(false, "PUT", "/v1/stations/kh/status", "{}").status == 400);
}

BOOST_AUTO_TEST_CASE(a_photo_is_given_to_the_station_of_an_open_renewal_and_to_no_other) {
    const auto imported = central->store.import_photo(*PassNumber::parse("KHPS109-010323"),
                                                      {"image/png", PersonalText("pixels")});
    BOOST_REQUIRE(imported);
    const PhotoHash hash = std::get<PhotoHash>(*imported);
    const std::string target = "/v1/photos/" + to_hex(hash.value) + "?station=";
    BOOST_TEST(code(call(false, "GET", target + "kh")) == "404 unknown");  // nobody applied yet
    const RenewalId id = claimed();
    BOOST_TEST((pull().renewals.back().photo == hash));
    const auto response = call(false, "GET", target + "kh");
    BOOST_TEST(response.status == 200);
    BOOST_TEST(response.content_type == "image/png");
    BOOST_TEST(response.body == "pixels");
    BOOST_TEST(code(call(false, "GET", target + "kl")) == "404 unknown");
    BOOST_TEST(code(call(false, "GET", target + "nn")) == "404 unknown_station");
    BOOST_TEST(code(call(false, "GET", "/v1/photos/ab?station=kh")) == "400 malformed");
    BOOST_TEST(decide(number, "withdraw").status == 200);
    BOOST_TEST(code(call(false, "GET", target + "kh")) == "404 unknown");
    BOOST_TEST(claim(30, id).refused.at(0).code == "withdrawn");
}

BOOST_AUTO_TEST_CASE(a_new_photo_on_file_reaches_the_open_renewal) {
    const RenewalId id = claimed();
    const std::string before = pull().cursor;
    BOOST_REQUIRE(central->store.import_photo(*PassNumber::parse("KHPS109-010323"),
                                              {"image/png", PersonalText("new")}));
    const auto page = pull(before);
    BOOST_REQUIRE(page.renewals.size() == 1U);
    BOOST_TEST((page.renewals[0].id == id));
    BOOST_TEST(page.renewals[0].photo.has_value());
    BOOST_REQUIRE(central->store.import_photo(*PassNumber::parse("KHPS109-010323"),
                                              {"image/png", PersonalText("new")}));
    BOOST_TEST(pull(page.cursor).renewals.empty());
}

BOOST_AUTO_TEST_CASE(what_was_made_elsewhere_can_be_made_anew) {
    BOOST_TEST(decide("KHPS110-000035", "remake").status == 200);
    BOOST_TEST(status("KHPS110-000035") == "approved");
    BOOST_TEST(code(decide("KHPS110-000035", "remake")) == "409 not_made_elsewhere");
}

BOOST_AUTO_TEST_CASE(a_card_that_was_made_elsewhere_is_adopted_by_the_station_that_claims_it) {
    const std::string elsewhere = "KHPS110-000035";
    RenewalId id(uuid(0));
    for (const Renewal& each : pull().renewals) {
        id = each.pass_number.text() == elsewhere ? each.id : id;
    }
    BOOST_REQUIRE(claim(1, id).granted.size() == 1U);
    BOOST_TEST(claim(2, id, "kh2").refused.at(0).code == "already_claimed");
    BOOST_TEST(
        (tell(line(wire::FactType::verified, id, 1, 1)).outcome == wire::FactOutcome::applied));
    BOOST_TEST(status(elsewhere) == "produced");
    BOOST_TEST(renewal(elsewhere).at("made_elsewhere").as_bool());
    BOOST_TEST(claim(3, id).refused.at(0).code == "already_produced");
    BOOST_TEST(code(decide(elsewhere, "remake")) == "409 not_made_elsewhere");
    BOOST_TEST(authorise(id, 7, 1, 1).status == 200);
}

BOOST_AUTO_TEST_CASE(facts_that_arrive_together_are_answered_each_to_its_sender) {
    const RenewalId id = claimed();
    std::vector<http::Response> responses(3);
    const std::array<std::string, 3> bodies{line(wire::FactType::attempt_started, id, 1, 1),
                                            "unreadable", line(wire::FactType::torn, id, 1, 1)};
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        asio::co_spawn(context,
                       station_api(central, {"POST", "/v1/stations/kh/facts", {}, bodies[i]}),
                       [&responses, i](const std::exception_ptr&, http::Response got) {
                           responses[i] = std::move(got);
                       });
    }
    context.restart();
    context.run();
    BOOST_TEST(wire::decode_facts_answer(responses[0].body)->acked_through == 1);
    BOOST_TEST(code(responses[1]) == "400 fact_unreadable");
    BOOST_TEST(wire::decode_facts_answer(responses[2].body)->acked_through == 2);
}

BOOST_AUTO_TEST_SUITE_END()
