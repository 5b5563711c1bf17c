#include <filesystem>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include "cardformat/crypto/hash.hpp"
#include "sync/uplink/backoff.hpp"
#include "sync/uplink/central_client.hpp"

using namespace card;
using namespace card::uplink;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t largest = ~std::uint64_t{0};

Uuid uuid(std::uint8_t last) {
    Bytes octets(Uuid::size, 0x11);
    octets.back() = last;
    return Uuid::from(octets).value();
}

http::Response answer(int status, std::string body) {
    http::Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

http::Response problem(int status, std::string code, bool retryable) {
    return answer(status, wire::encode(wire::Problem{status, std::move(code), "why", retryable}));
}

/// A central that gives one answer to everything and remembers what it was asked last.
struct Fixture {
    Fixture() {
        std::string pattern = std::filesystem::temp_directory_path() / "uplink_tests.XXXXXX";
        folder = ::mkdtemp(pattern.data());
    }
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;
    ~Fixture() {
        client.reset();
        context.stop();
        std::filesystem::remove_all(folder);
    }

    void serve(http::Response response) {
        given = std::move(response);
        http::Limits limits;
        limits.max_body_size = 4 * wire::max_body_size;
        const auto served = http::serve(context, endpoint(), limits, [this](http::Request request) {
            return this->respond(std::move(request));
        });
        BOOST_REQUIRE(served.has_value());
        client.emplace(context, endpoint(), "kh");
    }
    [[nodiscard]] http::Endpoint endpoint() const {
        return {http::Endpoint::Kind::unix_socket, {}, 0, folder / "central"};
    }
    asio::awaitable<http::Response> respond(http::Request request) {
        asked = std::move(request);
        co_return given;
    }
    template <class T>
    T wait(asio::awaitable<T> call) {
        auto future = asio::co_spawn(context, std::move(call), asio::use_future);
        context.restart();
        while (future.wait_for(0s) != std::future_status::ready) {
            BOOST_REQUIRE(context.run_one_for(10s) > 0);
        }
        return future.get();
    }
    Result<wire::RenewalPage> pull(std::string cursor = "c1") {
        return wait(client->pull(std::move(cursor), 0s));
    }
    Result<AuthorisationOutcome> authorise() {
        return wait(client->authorise(
            RenewalId(uuid(1)), uuid(2),
            {"kh", AttemptId(uuid(3)), Epoch(4), CardUid::parse("04A1B2C3D4E5F6").value()}));
    }
    /// The fault of a pull that gets this answer.
    Fault fault_of_pull(http::Response response) {
        serve(std::move(response));
        const auto pulled = pull();
        BOOST_REQUIRE(!pulled);
        return pulled.error().fault;
    }

    asio::io_context context;
    std::filesystem::path folder;
    http::Response given;
    http::Request asked;
    std::optional<CentralClient> client;
};

/// A listener that takes one connection, sends some octets and closes.
class RudeCentral {
  public:
    RudeCentral(const std::filesystem::path& path, std::string octets)
        : acceptor_(context_, asio::local::stream_protocol::endpoint(path.string())),
          thread_([this, octets = std::move(octets)] {
              boost::system::error_code ignored;
              asio::local::stream_protocol::socket peer(context_);
              acceptor_.accept(peer, ignored);
              std::array<char, 4096> request{};
              (void)peer.read_some(asio::buffer(request), ignored);
              (void)asio::write(peer, asio::buffer(octets), ignored);
          }) {}
    RudeCentral(const RudeCentral&) = delete;
    RudeCentral& operator=(const RudeCentral&) = delete;
    ~RudeCentral() { thread_.join(); }

  private:
    asio::io_context context_;
    asio::local::stream_protocol::acceptor acceptor_;
    std::thread thread_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(backoff)

BOOST_AUTO_TEST_CASE(the_ceiling_doubles_up_to_the_longest_delay) {
    Backoff backoff(500ms, 3s);
    // With random = ceiling the whole ceiling is waited, with one more nothing.
    for (const std::uint64_t ceiling : {500U, 1000U, 2000U, 3000U, 3000U}) {
        BOOST_TEST(backoff.next(ceiling).count() == static_cast<std::int64_t>(ceiling));
    }
}

BOOST_AUTO_TEST_CASE(a_delay_is_never_above_its_ceiling_nor_negative) {
    for (const std::uint64_t random :
         {std::uint64_t{0}, std::uint64_t{501}, largest / 2, largest}) {
        Backoff backoff(500ms, 8s);
        std::chrono::milliseconds ceiling = 500ms;
        for (int i = 0; i < 10; ++i) {
            const auto delay = backoff.next(random);
            BOOST_TEST((delay >= 0ms && delay <= ceiling), random);
            ceiling = std::min<std::chrono::milliseconds>(ceiling * 2, 8s);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_reset_begins_with_the_first_delay) {
    Backoff backoff(500ms, 8s);
    (void)backoff.next(0);
    (void)backoff.next(0);
    backoff.reset();
    BOOST_TEST(backoff.next(500).count() == 500);
    BOOST_TEST(backoff.next(1001).count() == 0);
}

BOOST_AUTO_TEST_CASE(a_first_delay_of_zero_waits_not_at_all) {
    Backoff backoff(0ms, 8s);
    BOOST_TEST(backoff.next(largest).count() == 0);
    BOOST_TEST(backoff.next(largest).count() == 0);
}

BOOST_AUTO_TEST_CASE(a_server_s_wish_is_read_in_seconds_or_as_a_date) {
    const Timestamp now = parse_rfc3339("1994-11-06T08:49:07.500Z").value();
    const std::vector<std::pair<std::string_view, std::int64_t>> wishes{
        {"0", 0},
        {"120", 120},
        {"3600", 3600},
        {"99999", 3600},
        {"99999999999999999999999", 3600},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 30},
        {"Sun, 06 Nov 1994 08:49:00 GMT", 0},
        {"Sun, 06 Nov 2094 08:49:37 GMT", 3600},
        {"", 0},
        {"-5", 0},
        {"5s", 0},
        {"soon", 0},
        {"Sun, 06 Nov 1994 08:49:37", 0},
        {"Sun, 06 Nov 1994 08:49:37 CST", 0}};
    for (const auto& [wish, seconds] : wishes) {
        BOOST_TEST(retry_after(wish, now).count() == seconds, wish);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(central_client, Fixture)

BOOST_AUTO_TEST_CASE(the_wish_of_the_last_answer_is_kept_and_no_older_one) {
    http::Response busy = problem(503, "busy", true);
    busy.headers["retry-after"] = "7";
    serve(busy);
    BOOST_TEST((client->asked_to_wait() == 0s));
    BOOST_TEST(!pull());
    BOOST_TEST((client->asked_to_wait() == 7s));
    given = problem(503, "busy", true);
    BOOST_TEST(!pull());
    BOOST_TEST((client->asked_to_wait() == 0s));
}

BOOST_AUTO_TEST_CASE(a_redirect_is_not_followed_and_tried_again_later) {
    http::Response elsewhere = answer(302, "");
    elsewhere.headers["location"] = "http://192.0.2.1/";
    BOOST_TEST((fault_of_pull(elsewhere) == Fault::retry_later));
}

BOOST_AUTO_TEST_CASE(a_pull_names_station_cursor_and_wait) {
    serve(answer(200, wire::encode(wire::RenewalPage{{}, "c2"})));
    const auto page = pull();
    BOOST_REQUIRE(page);
    BOOST_TEST(page->cursor == "c2");
    BOOST_TEST(asked.method == "GET");
    BOOST_TEST(asked.target == "/v1/stations/kh/renewals?cursor=c1&wait=0");
}

BOOST_AUTO_TEST_CASE(a_cursor_of_any_characters_comes_back_to_the_central_as_it_was) {
    serve(answer(200, wire::encode(wire::RenewalPage{{}, "c2"})));
    for (const char* cursor : {"a&wait=9", "a+b", "a%2Fb", "a=b", "a b", "a#b", "高"}) {
        BOOST_TEST(pull(cursor).has_value(), cursor);
        BOOST_TEST(http::query_value(asked.target, "cursor") == cursor);
    }
}

BOOST_AUTO_TEST_CASE(a_claim_is_asked_and_answered) {
    serve(answer(200, wire::encode(wire::ClaimAnswer{{{RenewalId(uuid(1)), Epoch(7), 600}}, {}})));
    const auto claimed = wait(client->claim({uuid(5), {RenewalId(uuid(1))}}));
    BOOST_REQUIRE(claimed);
    BOOST_REQUIRE(claimed->granted.size() == 1U);
    BOOST_TEST((claimed->granted[0].epoch == Epoch(7)));
    BOOST_TEST(asked.target == "/v1/stations/kh/claims");
    BOOST_TEST((wire::decode_claim_request(asked.body).value().claim_id == uuid(5)));
}

BOOST_AUTO_TEST_CASE(an_authorisation_carries_its_key_and_its_card) {
    serve(answer(200, wire::encode(wire::Authorisation{uuid(9), 300})));
    const auto outcome = authorise();
    BOOST_REQUIRE(outcome);
    BOOST_TEST((std::get<wire::Authorisation>(*outcome).id == uuid(9)));
    BOOST_TEST(asked.target == "/v1/renewals/" + uuid(1).text() + "/handover-authorizations");
    BOOST_TEST(asked.headers.at("idempotency-key") == uuid(2).text());
    BOOST_TEST(wire::decode_authorisation_request(asked.body).value().card.hex() ==
               "04A1B2C3D4E5F6");
}

BOOST_AUTO_TEST_CASE(a_refused_authorisation_is_an_outcome_with_its_code) {
    serve(problem(409, "withdrawn", false));
    const auto outcome = authorise();
    BOOST_REQUIRE(outcome);
    BOOST_TEST(std::get<wire::Problem>(*outcome).code == "withdrawn");
}

BOOST_AUTO_TEST_CASE(an_authorisation_that_may_succeed_later_is_no_refusal) {
    serve(problem(503, "busy", true));
    const auto outcome = authorise();
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().fault == Fault::retry_later));
}

BOOST_AUTO_TEST_CASE(nonsense_is_neither_an_authorisation_nor_a_refusal) {
    for (const int status : {200, 201, 403, 409, 500}) {
        given = answer(status, "{\"nonsense\":1}");
        if (!client) {
            serve(given);
        }
        const auto outcome = authorise();
        BOOST_REQUIRE(!outcome);
        BOOST_TEST((outcome.error().fault == Fault::retry_later), status);
    }
}

BOOST_AUTO_TEST_CASE(facts_are_sent_as_lines) {
    serve(answer(200, wire::encode(wire::FactsAnswer{2, {}})));
    const auto sent = wait(client->send_facts({"{\"a\":1}", "{\"b\":2}"}));
    BOOST_REQUIRE(sent);
    BOOST_TEST(sent->acked_through == 2);
    BOOST_TEST(asked.body == "{\"a\":1}\n{\"b\":2}\n");
    BOOST_TEST(asked.headers.at("content-type") == "application/x-ndjson");
}

BOOST_AUTO_TEST_CASE(a_lasting_problem_is_to_be_followed_and_names_its_code) {
    serve(problem(403, "unknown_station", false));
    const auto pulled = pull();
    BOOST_REQUIRE(!pulled);
    BOOST_TEST((pulled.error().fault == Fault::follow_refusal));
    BOOST_TEST(pulled.error().detail.find("unknown_station") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_passing_problem_is_tried_again) {
    BOOST_TEST((fault_of_pull(problem(503, "busy", true)) == Fault::retry_later));
}

BOOST_AUTO_TEST_CASE(an_error_without_a_problem_is_tried_again) {
    BOOST_TEST((fault_of_pull(answer(502, "<html>Bad gateway</html>")) == Fault::retry_later));
}

BOOST_AUTO_TEST_CASE(a_redirection_is_not_followed_and_no_success) {
    http::Response moved = answer(302, "");
    moved.headers["location"] = "http://192.0.2.1/";
    BOOST_TEST((fault_of_pull(moved) == Fault::retry_later));
}

BOOST_AUTO_TEST_CASE(a_success_that_cannot_be_read_is_tried_again) {
    BOOST_TEST((fault_of_pull(answer(200, "nonsense")) == Fault::retry_later));
}

BOOST_AUTO_TEST_CASE(an_empty_success_is_tried_again) {
    BOOST_TEST((fault_of_pull(answer(204, "")) == Fault::retry_later));
}

BOOST_AUTO_TEST_CASE(an_answer_above_the_limit_is_tried_again) {
    BOOST_TEST((fault_of_pull(answer(200, std::string(wire::max_body_size + 1, ' '))) ==
                Fault::retry_later));
}

BOOST_AUTO_TEST_CASE(the_details_of_a_failure_do_not_repeat_the_answer) {
    serve(answer(200, R"({"renewals":[{"holder_name":"secret name"}],"cursor":"c"})"));
    const auto pulled = pull();
    BOOST_REQUIRE(!pulled);
    BOOST_TEST(pulled.error().detail.find("secret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(after_a_failure_the_next_call_succeeds) {
    serve(answer(200, "nonsense"));
    (void)pull();
    given = answer(200, wire::encode(wire::RenewalPage{{}, "c2"}));
    BOOST_TEST(pull().has_value());
}

BOOST_AUTO_TEST_CASE(a_central_that_is_not_there_is_tried_again) {
    client.emplace(context, endpoint(), "kh");
    const auto pulled = pull();
    BOOST_REQUIRE(!pulled);
    BOOST_TEST((pulled.error().fault == Fault::retry_later));
}

BOOST_AUTO_TEST_CASE(a_central_that_breaks_off_is_tried_again) {
    for (const char* octets :
         {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
          "\x16\x03\x01", "HTTP/1.1 200 OK\r\n\r\n{}", "HTTP/1.0 200 OK\r\n\r\n{}",
          "HTTP/1.1 999999 OK\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"}) {
        std::filesystem::remove(folder / "central");
        const RudeCentral central(folder / "central", octets);
        client.emplace(context, endpoint(), "kh");
        const auto pulled = pull();
        BOOST_REQUIRE(!pulled);
        BOOST_TEST((pulled.error().fault == Fault::retry_later), octets);
    }
}

BOOST_AUTO_TEST_CASE(a_problem_with_further_members_is_still_a_refusal) {
    serve(answer(409, R"({"type":"about:blank","title":"Conflict","status":409,)"
                      R"("code":"withdrawn","detail":"","retryable":false})"));
    BOOST_TEST(authorise().has_value());
}

BOOST_AUTO_TEST_CASE(a_photo_is_given_out_only_where_its_hash_is_the_one_asked_for) {
    http::Response response = answer(200, "pixels");
    response.content_type = "image/png";
    serve(response);
    const PhotoHash hash(sha256(as_bytes("pixels")));
    const auto photo = wait(client->photo(hash));
    BOOST_REQUIRE(photo);
    BOOST_TEST(photo->octets.reveal() == "pixels");
    BOOST_TEST(photo->media_type == "image/png");
    BOOST_TEST(asked.target == "/v1/photos/" + to_hex(hash.value) + "?station=kh");
    given.body = "pixelz";
    BOOST_TEST((wait(client->photo(hash)).error().fault == Fault::retry_later));
    given.body = "pixels";
    given.content_type = "text/html";
    BOOST_TEST((wait(client->photo(hash)).error().fault == Fault::retry_later));
    given = problem(404, "unknown", false);
    BOOST_TEST((wait(client->photo(hash)).error().fault == Fault::follow_refusal));
}

BOOST_AUTO_TEST_CASE(what_is_asked_of_a_ledger_is_asked_in_the_documented_way) {
    serve(answer(200, "{\"line\":1}\n{\"line\":2}\n"));
    const auto lines = wait(client->own_facts(uuid(1), 7));
    BOOST_REQUIRE(lines);
    BOOST_TEST(lines->size() == 2U);
    BOOST_TEST(lines->back() == "{\"line\":2}");
    BOOST_TEST(asked.target == "/v1/stations/kh/facts?incarnation=" + uuid(1).text() + "&after=7");

    const wire::Acknowledged head{uuid(1), 3, Bytes(32, 9)};
    given = answer(200, wire::encode(head));
    BOOST_TEST(wait(client->acknowledged({}))->seq == 3);
    BOOST_TEST(asked.target == "/v1/stations/kh/facts/acknowledged");
    BOOST_TEST(wait(client->open_incarnation(uuid(2), {head})).has_value());
    BOOST_TEST(asked.method == "PUT");
    BOOST_TEST(asked.target == "/v1/stations/kh/incarnations/" + uuid(2).text());
    BOOST_TEST(asked.body == wire::encode(wire::IncarnationNotice{head}));
    given = problem(409, "incarnation_head", false);
    BOOST_TEST(
        (wait(client->open_incarnation(uuid(2), {head})).error().fault == Fault::follow_refusal));

    given = answer(200, wire::encode(wire::HeldClaims{}));
    BOOST_TEST(wait(client->held_claims(RenewalId(uuid(5))))->claims.empty());
    BOOST_TEST(asked.target == "/v1/stations/kh/claims?after=" + uuid(5).text());
    given = answer(200, wire::encode(wire::ReleaseAnswer{{RenewalId(uuid(5))}, {}}));
    BOOST_TEST(wait(client->release({{{RenewalId(uuid(5)), Epoch(1)}}}))->released.size() == 1U);
    given = answer(200, wire::encode(wire::LetterKeys{{Bytes(65, 4)}}));
    BOOST_TEST(wait(client->letter_keys())->points.size() == 1U);
    given = answer(200, wire::encode(wire::StatusAnswer{Timestamp(), 60}));
    BOOST_TEST(wait(client->heartbeat({Timestamp(), uuid(1), 0, 0, "s"}))->offline_handover_s ==
               60);
    BOOST_TEST(asked.target == "/v1/stations/kh/status");
}

BOOST_AUTO_TEST_SUITE_END()
