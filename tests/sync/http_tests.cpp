#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sync/http/http.hpp"

using namespace card;
using namespace card::http;
using namespace std::chrono_literals;

namespace {

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = std::filesystem::temp_directory_path() / "http_tests.XXXXXX";
        path_ = ::mkdtemp(pattern.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] Endpoint socket() const {
        return Endpoint{Endpoint::Kind::unix_socket, {}, 0, path_ / "socket"};
    }

  private:
    std::filesystem::path path_;
};

asio::awaitable<Response> answer(asio::io_context* context, Request request) {
    if (request.target == "/throw") {
        throw std::runtime_error("a secret");
    }
    if (request.target == "/slow") {
        asio::steady_timer timer(*context, 300ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
    Response response;
    response.content_type = "text/plain";
    response.headers["x-method"] = request.method;
    response.headers["x-bad"] = "a\r\nInjected: yes";
    response.body = request.target + "|" + request.headers["x-test"] + "|" + request.body;
    co_return response;
}

Limits short_limits() {
    Limits limits;
    limits.max_header_size = 2048;
    limits.max_body_size = 4096;
    limits.max_connections = 8;
    limits.idle_timeout = 400ms;
    limits.request_timeout = 200ms;
    return limits;
}

/// A server in a thread of its own, as long as the test lasts.
class RunningServer {
  public:
    explicit RunningServer(const Endpoint& endpoint) {
        asio::io_context* context = &context_;
        const auto served = serve(context_, endpoint, short_limits(), [context](Request request) {
            return answer(context, std::move(request));
        });
        BOOST_REQUIRE(served);
        thread_ = std::thread([this] { context_.run(); });
    }
    ~RunningServer() {
        context_.stop();
        thread_.join();
    }

  private:
    asio::io_context context_;
    std::thread thread_;
};

int connected_socket(const Endpoint& endpoint) {
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    endpoint.path.copy(address.sun_path, sizeof address.sun_path - 1);
    BOOST_REQUIRE(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) ==
                  0);
    timeval patience{3, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return descriptor;
}

std::string read_to_end(int descriptor) {
    std::string all;
    char chunk[4096];
    for (;;) {
        const ssize_t size = ::read(descriptor, chunk, sizeof chunk);
        if (size <= 0) {
            return all + (size < 0 ? "<no end>" : "");
        }
        all.append(chunk, static_cast<std::size_t>(size));
    }
}

/// Sends octets, ends sending, and gives all that comes back.
std::string raw(const Endpoint& endpoint, std::string_view octets, bool end_sending = true) {
    const int descriptor = connected_socket(endpoint);
    (void)::send(descriptor, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (end_sending) {
        ::shutdown(descriptor, SHUT_WR);
    }
    std::string answer = read_to_end(descriptor);
    ::close(descriptor);
    return answer;
}

std::string status_of(const std::string& answer) {
    return answer.size() < 12 ? answer : answer.substr(9, 3);
}

struct Fixture {
    TemporaryFolder folder;
    Endpoint endpoint = folder.socket();
    RunningServer server{endpoint};
};

Request get(std::string target) {
    Request request;
    request.method = "GET";
    request.target = std::move(target);
    return request;
}

/// Runs one call to its end on a context of its own.
Result<Response> called(const Endpoint& endpoint, Request request,
                        std::chrono::milliseconds timeout = 2s) {
    asio::io_context context;
    Client client(context, endpoint, short_limits());
    std::optional<Result<Response>> result;
    asio::co_spawn(
        context, client.call(std::move(request), timeout),
        [&result](std::exception_ptr, Result<Response> got) { result = std::move(got); });
    context.run();
    BOOST_REQUIRE(result);
    return std::move(*result);
}

/// Accepts once, reads something, writes what it was told, and hangs up.
class LyingServer {
  public:
    LyingServer(const Endpoint& endpoint, std::string octets, bool hang = false) {
        listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        endpoint.path.copy(address.sun_path, sizeof address.sun_path - 1);
        BOOST_REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) ==
                      0);
        BOOST_REQUIRE(::listen(listener_, 4) == 0);
        thread_ = std::thread([this, hang, lie = std::move(octets)] {
            const int peer = ::accept(listener_, nullptr, nullptr);
            char chunk[4096];
            (void)!::read(peer, chunk, sizeof chunk);
            (void)::send(peer, lie.data(), lie.size(), MSG_NOSIGNAL);
            if (hang) {
                (void)!::read(peer, chunk, sizeof chunk);
            }
            ::close(peer);
        });
    }
    ~LyingServer() {
        thread_.join();
        ::close(listener_);
    }

  private:
    int listener_ = -1;
    std::thread thread_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(http_endpoints)

BOOST_AUTO_TEST_CASE(endpoints_are_read_and_shown_again) {
    for (const char* text :
         {"http://127.0.0.1:8080", "http://[::1]:1", "unix:/run/x.sock",
          "https://central.example:8443", "https://192.0.2.1:1", "https://[2001:db8::1]:1"}) {
        const auto endpoint = Endpoint::parse(text);
        BOOST_REQUIRE(endpoint);
        BOOST_TEST(endpoint->text() == text);
    }
}

BOOST_AUTO_TEST_CASE(other_endpoints_are_refused) {
    for (const char* text : {"",
                             "http://",
                             "http://127.0.0.1",
                             "http://127.0.0.1:0",
                             "http://127.0.0.1:65536",
                             "http://127.0.0.1:80/x",
                             "http://10.0.0.1:80",
                             "http://0.0.0.0:80",
                             "http://localhost:80",
                             "http://::1:80",
                             "http://[127.0.0.1]:80",
                             "http://central.example:80",
                             "https://",
                             "https://central.example",
                             "https://:80",
                             "https://a/b:80",
                             "https://a@b:80",
                             "https://-a:80",
                             "https://[a]:80",
                             "https://::1:80",
                             "https://*.a:80",
                             "ftp://a:80",
                             "unix:relative",
                             "unix:"}) {
        BOOST_TEST(!Endpoint::parse(text), text);
    }
    BOOST_TEST(!Endpoint::parse("unix:/" + std::string(120, 'x')));
}

BOOST_AUTO_TEST_CASE(targets_are_split_and_decoded) {
    const std::vector<std::string> expected{"v1", "a/b", "c%"};
    BOOST_TEST(path_segments("/v1/a%2Fb/c%?x=/y") == expected, boost::test_tools::per_element());
    BOOST_TEST(path_segments("/").empty());
    BOOST_TEST(query_value("/a?cursor=1%2B2&wait=30", "cursor") == "1+2");
    BOOST_TEST(query_value("/a?cursor=1&wait=30", "wait") == "30");
    BOOST_TEST(query_value("/a?cursor", "cursor").empty());
    BOOST_TEST(query_value("/a", "cursor").empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(http_server, Fixture)

BOOST_AUTO_TEST_CASE(the_socket_file_is_for_its_owner_only) {
    struct stat status {};
    BOOST_REQUIRE(::stat(endpoint.path.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777U) == 0600U);
}

BOOST_AUTO_TEST_CASE(a_second_server_on_the_same_socket_is_refused_and_a_stale_one_replaced) {
    asio::io_context context;
    const auto handler = [](Request) -> asio::awaitable<Response> { co_return Response(); };
    BOOST_TEST(!serve(context, endpoint, Limits(), handler));
    TemporaryFolder other;
    {
        asio::io_context first;
        BOOST_TEST(serve(first, other.socket(), Limits(), handler).has_value());
    }
    BOOST_TEST(serve(context, other.socket(), Limits(), handler).has_value());
}

BOOST_AUTO_TEST_CASE(requests_are_answered_one_after_the_other_on_one_connection) {
    const std::string answer = raw(endpoint,
                                   "GET /a HTTP/1.1\r\nHost: x\r\nX-Test: 1\r\n\r\n"
                                   "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz");
    BOOST_TEST(answer.find("/a|1|") != std::string::npos);
    BOOST_TEST(answer.find("/b||xyz") != std::string::npos);
    BOOST_TEST(answer.find("Injected") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_chunked_body_is_put_together) {
    const std::string answer =
        raw(endpoint,
            "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
    BOOST_TEST(answer.find("/c||abc") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(malformed_and_ambiguous_requests_are_refused) {
    const std::vector<std::string> requests{
        "nonsense\r\n\r\n",
        "GET /a HTTP/1.0\r\nHost: x\r\n\r\n",
        "GET /a HTTP/1.1\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET http://x/a HTTP/1.1\r\nHost: x\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: \r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x, y\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: u@x\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
        "GET /a HTTP/1.1\r\n Host: x\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x\n\r\n",
        "GET /a HTTP/1.1\nHost: x\n\n",
        "GET /a HTTP/1.1\rHost: x\r\n\r\n",
        "GET  /a HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a HTTP/1.1 x\r\nHost: x\r\n\r\n",
        "GET /a\r\nHost: x\r\n\r\n",
        " GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
        "\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n",
        "\r\nHost: x",
        "G@T /a HTTP/1.1\r\nHost: x\r\n\r\n",
        "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a HTTP/2.0\r\nHost: x\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        "\x16\x03\x01\x02",
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc",
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabXX0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\na\r\n",
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"};
    for (const std::string& request : requests) {
        const std::string answer = raw(endpoint, request);
        BOOST_TEST(status_of(answer) == "400", request << " gave " << answer);
        BOOST_TEST(answer.find("application/problem+json") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(too_large_headers_and_bodies_are_refused_with_their_own_status) {
    const std::string header = "GET /a HTTP/1.1\r\nHost: x\r\nX: " + std::string(4000, 'x');
    BOOST_TEST(status_of(raw(endpoint, header + "\r\n\r\n")) == "431");
    const std::string large = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n";
    BOOST_TEST(status_of(raw(endpoint, large + std::string(5000, 'x'))) == "413");
    std::string chunked = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 6; ++i) {
        chunked += "400\r\n" + std::string(1024, 'x') + "\r\n";
    }
    BOOST_TEST(status_of(raw(endpoint, chunked + "0\r\n\r\n")) == "413");
}

BOOST_AUTO_TEST_CASE(endless_heads_extensions_and_trailers_are_refused_before_they_end) {
    const std::string head = "POST /a HTTP/1.1\r\nHost: x\r\n";
    const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
    std::string many_fields = head;
    for (int i = 0; i < 101; ++i) {
        many_fields += "X: 1\r\n";
    }
    const std::string endless(20'000, 'x');
    BOOST_TEST(status_of(raw(endpoint, head + "X: " + endless)) == "431");
    BOOST_TEST(status_of(raw(endpoint, "GET /" + endless)) == "431");
    BOOST_TEST(status_of(raw(endpoint, chunked + "1;" + endless)) == "431");
    BOOST_TEST(status_of(raw(endpoint, chunked + "0\r\nX: " + endless)) == "431");
    BOOST_TEST(status_of(raw(endpoint, many_fields + "\r\n")) == "400");
}

BOOST_AUTO_TEST_CASE(a_request_that_comes_octet_by_octet_is_the_same_request) {
    const std::string request = "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
    const int descriptor = connected_socket(endpoint);
    for (const char octet : request) {
        BOOST_REQUIRE(::send(descriptor, &octet, 1, MSG_NOSIGNAL) == 1);
    }
    ::shutdown(descriptor, SHUT_WR);
    BOOST_TEST(read_to_end(descriptor).find("/c||abc") != std::string::npos);
    ::close(descriptor);
}

BOOST_AUTO_TEST_CASE(a_method_reaches_the_handler_as_it_was_written) {
    const std::string answer = raw(endpoint, "get /m HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(answer.find("x-method: get\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_peer_that_takes_no_answer_loses_its_connection) {
    const int descriptor = connected_socket(endpoint);
    const std::string request =
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n" + std::string(4000, 'x');
    // Sends on and on and reads nothing: answers fill the socket until the server gives up.
    while (::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    }
    BOOST_TEST((errno == EPIPE || errno == ECONNRESET));
    ::close(descriptor);
    BOOST_TEST(status_of(raw(endpoint, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n")) == "200");
}

BOOST_AUTO_TEST_CASE(above_the_limit_of_connections_newcomers_are_turned_away_until_one_ends) {
    std::vector<int> seats;
    for (std::size_t i = 0; i < short_limits().max_connections; ++i) {
        seats.push_back(connected_socket(endpoint));
        // Seated once it was answered.
        const std::string_view request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
        char octet = 0;
        BOOST_REQUIRE(::send(seats.back(), request.data(), request.size(), MSG_NOSIGNAL) > 0);
        BOOST_REQUIRE(::read(seats.back(), &octet, 1) == 1);
    }
    const std::string turned_away = raw(endpoint, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(turned_away.find("HTTP") == std::string::npos);
    for (const int seat : seats) {
        ::close(seat);
    }
    std::string answer;
    for (int i = 0; i < 100 && status_of(answer) != "200"; ++i) {
        answer = raw(endpoint, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    BOOST_TEST(status_of(answer) == "200");
}

BOOST_AUTO_TEST_CASE(a_request_that_is_cut_or_never_ends_ends_the_connection) {
    const std::string part = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc";
    for (std::size_t size : {1UL, 10UL, part.size()}) {
        BOOST_TEST(raw(endpoint, part.substr(0, size)).empty());
        BOOST_TEST(raw(endpoint, part.substr(0, size), false).empty());
    }
    BOOST_TEST(raw(endpoint, "", false).empty());
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_is_a_500_and_the_server_goes_on) {
    const std::string answer = raw(endpoint, "GET /throw HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(status_of(answer) == "500");
    BOOST_TEST(answer.find("secret") == std::string::npos);
    BOOST_TEST(status_of(raw(endpoint, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n")) == "200");
}

BOOST_AUTO_TEST_CASE(a_handler_may_take_longer_than_a_message) {
    BOOST_TEST(status_of(raw(endpoint, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")) == "200");
}

BOOST_AUTO_TEST_CASE(an_answer_to_head_has_no_body) {
    const std::string answer = raw(endpoint, "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(status_of(answer) == "200");
    BOOST_TEST(answer.ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(a_client_keeps_its_connection_and_makes_a_new_one_when_it_ended) {
    asio::io_context context;
    Client client(context, endpoint, short_limits());
    std::vector<std::string> bodies;
    const auto calls = [&]() -> asio::awaitable<void> {
        for (const auto pause : {0ms, 0ms, 700ms}) {
            asio::steady_timer timer(context, pause);
            co_await timer.async_wait(asio::use_awaitable);
            Request request = get("/k?x=1");
            request.headers["x-test"] = "7";
            request.body = "b";
            Result<Response> response = co_await client.call(std::move(request), 2s);
            bodies.push_back(response ? response->body : response.error().detail);
        }
    };
    asio::co_spawn(context, calls(), asio::detached);
    context.run();
    const std::vector<std::string> expected(3, "/k?x=1|7|b");
    BOOST_TEST(bodies == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_client_gives_up_when_its_time_is_over) {
    const auto response = called(endpoint, get("/slow"), 50ms);
    BOOST_REQUIRE(!response);
    BOOST_TEST((response.error().fault == Fault::retry_later));
}

BOOST_AUTO_TEST_CASE(a_client_refuses_to_send_what_would_break_the_framing) {
    Request request = get("/a b");
    BOOST_TEST((called(endpoint, request).error().fault == Fault::report_defect));
    request = get("/a");
    request.headers["x-test"] = "1\r\nHost: y";
    BOOST_TEST((called(endpoint, request).error().fault == Fault::report_defect));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(http_client)

BOOST_AUTO_TEST_CASE(a_server_that_is_not_there_is_to_be_tried_later) {
    TemporaryFolder folder;
    const auto response = called(folder.socket(), get("/a"));
    BOOST_REQUIRE(!response);
    BOOST_TEST((response.error().fault == Fault::retry_later));
}

BOOST_AUTO_TEST_CASE(lies_and_broken_answers_are_to_be_tried_later) {
    const std::vector<std::string> lies{
        "",
        "HTTP/1.1 200",
        "SSH-2.0-x\r\n\r\n",
        "\r\nHTTP/1.1",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\n\r\nno length",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: " + std::string(9000, 'x') + "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        "1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(20'000, 'x'),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n"};
    for (const std::string& lie : lies) {
        TemporaryFolder folder;
        LyingServer server(folder.socket(), lie);
        const auto response = called(folder.socket(), get("/a"));
        BOOST_REQUIRE_MESSAGE(!response, lie);
        BOOST_TEST((response.error().fault == Fault::retry_later));
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_says_nothing_is_given_up) {
    TemporaryFolder folder;
    LyingServer server(folder.socket(), "HTTP/1.1 200 OK\r\nContent-Le", true);
    const auto response = called(folder.socket(), get("/a"), 100ms);
    BOOST_TEST((response.error().fault == Fault::retry_later));
}

BOOST_AUTO_TEST_CASE(interim_answers_are_passed_over_but_not_without_end) {
    const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    const std::string last = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    for (const std::size_t count : {1U, 8U, 9U}) {
        std::string octets;
        for (std::size_t i = 0; i < count; ++i) {
            octets += interim;
        }
        TemporaryFolder folder;
        LyingServer server(folder.socket(), octets + last);
        const auto response = called(folder.socket(), get("/a"));
        BOOST_TEST(response.has_value() == (count <= 8), count);
        BOOST_TEST((!response || response->body == "ok"));
    }
}

BOOST_AUTO_TEST_CASE(a_redirect_is_an_answer_and_is_not_followed) {
    TemporaryFolder folder;
    LyingServer server(folder.socket(),
                       "HTTP/1.1 307 Elsewhere\r\nLocation: http://192.0.2.1/\r\n"
                       "Content-Length: 0\r\n\r\n");
    const auto response = called(folder.socket(), get("/a"));
    BOOST_REQUIRE(response);
    BOOST_TEST(response->status == 307);
}

BOOST_AUTO_TEST_CASE(methods_whose_answers_have_no_body_cannot_be_called) {
    for (const char* method : {"HEAD", "CONNECT"}) {
        TemporaryFolder folder;
        Request request = get("/a");
        request.method = method;
        BOOST_TEST((called(folder.socket(), request).error().fault == Fault::report_defect));
    }
}

BOOST_AUTO_TEST_CASE(every_status_is_an_answer) {
    TemporaryFolder folder;
    LyingServer server(folder.socket(),
                       "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\nRetry-After: 5\r\n"
                       "Content-Type: text/x\r\n\r\nno");
    const auto response = called(folder.socket(), get("/a"));
    BOOST_REQUIRE(response);
    BOOST_TEST(response->status == 503);
    BOOST_TEST(response->body == "no");
    BOOST_TEST(response->content_type == "text/x");
    BOOST_TEST(response->headers.at("retry-after") == "5");
}

BOOST_AUTO_TEST_CASE(loopback_tcp_carries_the_same) {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    BOOST_REQUIRE(::bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0);
    BOOST_REQUIRE(::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    ::close(probe);
    const auto endpoint =
        Endpoint::parse("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
    RunningServer server(*endpoint);
    const auto response = called(*endpoint, get("/tcp"));
    BOOST_REQUIRE(response);
    BOOST_TEST(response->body == "/tcp||");
}

BOOST_AUTO_TEST_SUITE_END()
