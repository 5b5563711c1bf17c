// TLS between a station and the central: who is let through, who is not, and in which words.
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>

#include "sync/authority/authority.hpp"
#include "sync/http/tls.hpp"
#include "tests/sync/memory_stream.hpp"

using namespace card;
using namespace card::http;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

Timestamp now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}
authority::Validity valid() {
    return {now() - 1h, now() + 24h};
}
authority::Validity expired() {
    return {now() - 48h, now() - 1h};
}
authority::Validity not_yet_valid() {
    return {now() + 1h, now() + 24h};
}

/// A CA and its certificates' files.
class Office {
  public:
    explicit Office(const fs::path& folder) : folder_(folder), root_(fresh()) {
        fs::create_directories(folder);
        write("ca.pem", root_.certificate);
    }
    [[nodiscard]] authority::Authority ca() const {
        return authority::Authority::read(root_.certificate, root_.key.reveal()).value();
    }
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
    void write(const std::string& name, std::string_view text) const {
        std::ofstream(path(name), std::ios::binary) << text;
        fs::permissions(path(name), fs::perms::owner_read | fs::perms::owner_write);
    }
    TlsFiles files(const authority::Issued& issued) const {
        write("own.pem", issued.certificate);
        write("own.key", issued.key.reveal());
        return {path("ca.pem"), path("own.pem"), path("own.key")};
    }
    /// As `files`, but trusting another office's CA.
    TlsFiles trusting(const Office& other, const authority::Issued& issued) const {
        TlsFiles changed = files(issued);
        changed.authority = other.path("ca.pem");
        return changed;
    }
    [[nodiscard]] authority::Issued station(authority::Validity validity = valid()) const {
        return ca().station(StationName::parse("kh").value(), validity);
    }
    [[nodiscard]] authority::Issued central(authority::Validity validity = valid()) const {
        return ca().server({"central.example", "127.0.0.1"}, validity);
    }

  private:
    static authority::Issued fresh() { return authority::Authority::create(valid()); }
    fs::path folder_;
    authority::Issued root_;
};

std::shared_ptr<const TlsIdentity> identity(const TlsFiles& files, TlsSide side) {
    auto read = TlsIdentity::read(files, side);
    BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().detail));
    return std::move(*read);
}

struct Fixture {
    Fixture() {
        std::string pattern = fs::temp_directory_path() / "tls_tests.XXXXXX";
        folder = ::mkdtemp(pattern.data());
    }
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;
    ~Fixture() { fs::remove_all(folder); }

    std::shared_ptr<const TlsIdentity> client(const authority::Issued& issued) {
        return identity(office().files(issued), TlsSide::client);
    }
    std::shared_ptr<const TlsIdentity> server(const authority::Issued& issued) {
        return identity(office().files(issued), TlsSide::server);
    }
    Office& office() {
        if (!office_) {
            office_.emplace(folder / "office");
        }
        return *office_;
    }
    Office& stranger() {
        if (!stranger_) {
            stranger_.emplace(folder / "stranger");
        }
        return *stranger_;
    }

    fs::path folder;
    std::optional<Office> office_;
    std::optional<Office> stranger_;
};

/// What a meeting came to, at both ends.
struct Meeting {
    Result<std::string> client = fail(Fault::report_defect, "never ended");
    Result<TlsPeer> server = fail(Fault::report_defect, "never ended");
};

asio::awaitable<void> serve_one(std::shared_ptr<TlsStream> stream, Meeting* meeting) {
    const Result<void> greeted = co_await stream->handshake();
    if (!greeted) {
        meeting->server = tl::make_unexpected(greeted.error());
        co_return;  // the stream stays open until the client has read the alert
    }
    meeting->server = stream->peer();
    std::array<char, 64> heard{};
    const Result<std::size_t> size = co_await stream->read_some(heard);
    if (size) {
        const std::string answer(heard.data(), *size);
        co_await stream->write_all(answer);
    }
    stream->close();
}

asio::awaitable<void> call_one(std::shared_ptr<TlsStream> stream, Meeting* meeting) {
    const Result<void> greeted = co_await stream->handshake();
    if (!greeted) {
        meeting->client = tl::make_unexpected(greeted.error());
        stream->close();
        co_return;
    }
    co_await stream->write_all("hello");
    std::array<char, 64> heard{};
    const Result<std::size_t> size = co_await stream->read_some(heard);
    if (size) {
        meeting->client = std::string(heard.data(), *size);
    } else {
        meeting->client = tl::make_unexpected(size.error());
    }
    stream->close();
}

Meeting meet(std::shared_ptr<const TlsIdentity> client, std::shared_ptr<const TlsIdentity> server,
             const std::string& name = "central.example", std::size_t step = 100'000) {
    Meeting meeting;
    asio::io_context context;
    const auto [near, far] = MemoryStream::pair(context, step);
    asio::co_spawn(context,
                   call_one(std::make_shared<TlsStream>(std::move(client), near, name), &meeting),
                   asio::detached);
    asio::co_spawn(context,
                   serve_one(std::make_shared<TlsStream>(std::move(server), far, ""), &meeting),
                   asio::detached);
    context.run_for(10s);
    return meeting;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

template <class T>
bool configuration_failed(const Result<T>& result, std::string_view words) {
    return !result && result.error().fault == Fault::correct_configuration &&
           has(result.error().detail, words);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tls, Fixture)

BOOST_AUTO_TEST_CASE(a_station_and_the_central_know_each_other) {
    for (const char* name : {"central.example", "127.0.0.1"}) {
        const Meeting meeting = meet(client(office().station()), server(office().central()), name);
        BOOST_REQUIRE_MESSAGE(meeting.client, meeting.client.error().detail);
        BOOST_TEST(*meeting.client == "hello");
        BOOST_REQUIRE(meeting.server);
        BOOST_TEST(meeting.server->station.text() == "kh");
    }
}

BOOST_AUTO_TEST_CASE(octets_may_arrive_one_by_one) {
    const Meeting meeting =
        meet(client(office().station()), server(office().central()), "central.example", 1);
    BOOST_REQUIRE_MESSAGE(meeting.client, meeting.client.error().detail);
    BOOST_TEST(*meeting.client == "hello");
}

BOOST_AUTO_TEST_CASE(a_server_of_another_name_is_refused) {
    for (const char* name : {"other.example", "127.0.0.2", "example", "a.central.example"}) {
        const Meeting meeting = meet(client(office().station()), server(office().central()), name);
        BOOST_TEST(configuration_failed(meeting.client, "for another server than"), name);
        BOOST_TEST(!meeting.server, name);
    }
}

BOOST_AUTO_TEST_CASE(a_server_of_another_ca_is_refused) {
    const auto impostor =
        identity(stranger().trusting(office(), stranger().central()), TlsSide::server);
    const Meeting meeting = meet(client(office().station()), impostor);
    BOOST_TEST(configuration_failed(meeting.client, "server's certificate comes from another CA"));
    BOOST_TEST(configuration_failed(meeting.server, "client refuses this server's certificate"));
}

BOOST_AUTO_TEST_CASE(a_server_s_certificate_out_of_its_time_is_refused) {
    const Meeting late = meet(client(office().station()), server(office().central(expired())));
    BOOST_TEST(configuration_failed(late.client, "the server's certificate has expired"));
    const Meeting early =
        meet(client(office().station()), server(office().central(not_yet_valid())));
    BOOST_TEST(configuration_failed(early.client, "the server's certificate is not valid yet"));
}

BOOST_AUTO_TEST_CASE(a_client_of_another_ca_is_refused_and_told) {
    const auto foreign =
        identity(stranger().trusting(office(), stranger().station()), TlsSide::client);
    const Meeting meeting = meet(foreign, server(office().central()));
    BOOST_TEST(configuration_failed(meeting.server, "client's certificate comes from another CA"));
    BOOST_TEST(configuration_failed(meeting.client, "it comes from another CA"));
}

BOOST_AUTO_TEST_CASE(a_client_s_certificate_out_of_its_time_is_refused_and_told) {
    const Meeting late = meet(client(office().station(expired())), server(office().central()));
    BOOST_TEST(configuration_failed(late.server, "the client's certificate has expired"));
    BOOST_TEST(configuration_failed(late.client, "it has expired"));
    const Meeting early =
        meet(client(office().station(not_yet_valid())), server(office().central()));
    BOOST_TEST(configuration_failed(early.server, "the client's certificate is not valid yet"));
    BOOST_TEST(configuration_failed(early.client, "not valid yet"));
}

BOOST_AUTO_TEST_CASE(a_peer_that_speaks_something_else_is_given_up) {
    asio::io_context context;
    const auto [near, far] = MemoryStream::pair(context, 100);
    Meeting meeting;
    asio::co_spawn(context, far->write_all("HTTP/1.1 400 Bad Request\r\n\r\n"), asio::detached);
    asio::co_spawn(
        context,
        call_one(std::make_shared<TlsStream>(client(office().station()), near, "central.example"),
                 &meeting),
        asio::detached);
    context.run_for(10s);
    BOOST_REQUIRE(!meeting.client);
    BOOST_TEST((meeting.client.error().fault == Fault::retry_later));
}

BOOST_AUTO_TEST_CASE(a_cut_connection_is_no_end_of_the_stream) {
    asio::io_context context;
    const auto [near, far] = MemoryStream::pair(context, 100);
    const auto stream = std::make_shared<TlsStream>(client(office().station()), near, "x");
    std::optional<Result<void>> greeted;
    asio::co_spawn(context, stream->handshake(),
                   [&](const std::exception_ptr&, Result<void> got) { greeted = std::move(got); });
    far->close();
    context.run_for(10s);
    BOOST_REQUIRE(greeted);
    BOOST_TEST((greeted->error().fault == Fault::retry_later));
}

BOOST_AUTO_TEST_CASE(files_that_do_not_fit_are_named) {
    const TlsFiles good = office().files(office().station());
    const auto refusal = [](const TlsFiles& files, TlsSide side = TlsSide::client) {
        const auto read = TlsIdentity::read(files, side);
        BOOST_REQUIRE(!read);
        BOOST_TEST((read.error().fault == Fault::correct_configuration));
        return read.error().detail;
    };
    BOOST_TEST(has(refusal({"/no.pem", good.certificate, good.key}), "/no.pem"));
    BOOST_TEST(has(refusal({good.authority, "/no.pem", good.key}), "/no.pem"));
    BOOST_TEST(has(refusal({good.authority, good.certificate, "/no.key"}), "/no.key"));
    BOOST_TEST(has(refusal({good.authority, good.key, good.key}), "no certificate"));
    BOOST_TEST(has(refusal(good, TlsSide::server), "not made for a server"));
    office().write("other.key", stranger().station().key.reveal());
    BOOST_TEST(
        has(refusal({good.authority, good.certificate, office().path("other.key")}), "belongs to"));
    fs::permissions(good.key, fs::perms::group_read, fs::perm_options::add);
    BOOST_TEST(has(refusal(good), "chmod 600"));
}

BOOST_AUTO_TEST_CASE(the_end_of_the_own_certificate_is_known) {
    const auto until = now() + 24h;
    const auto read = client(office().station({now(), until}));
    BOOST_TEST((read->valid_until() == std::chrono::floor<std::chrono::seconds>(until)));
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

asio::awaitable<Response> who(Request request) {
    const auto* station = std::get_if<StationName>(&request.peer);
    Response response;
    response.body = station == nullptr ? "nobody" : station->text();
    co_return response;
}

/// A central on a port of its own, in a thread.
struct Running : Fixture {
    void start(Limits limits = {}) {
        asio::ip::tcp::acceptor probe(context, {asio::ip::address_v4::loopback(), 0});
        endpoint.emplace(Endpoint{Endpoint::Kind::tls, "127.0.0.1", probe.local_endpoint().port()});
        probe.close();
        endpoint->identity = server(office().central());
        const auto served = serve(context, *endpoint, limits, who,
                                  [this](const std::string& /*address*/, const Failure& why) {
                                      if (!told_of_refusal) {
                                          told_of_refusal = true;
                                          refused.set_value(why.detail);
                                      }
                                  });
        BOOST_REQUIRE(served);
        thread = std::thread([this] { context.run(); });
    }
    ~Running() {
        context.stop();
        if (thread.joinable()) {
            thread.join();
        }
    }
    Endpoint as(std::shared_ptr<const TlsIdentity> station) {
        Endpoint own = *endpoint;
        own.identity = std::move(station);
        return own;
    }
    static Result<Response> call(Client& client, asio::io_context& own) {
        std::optional<Result<Response>> result;
        asio::co_spawn(own, client.call({"GET", "/", {}, {}}, 5s),
                       [&result](const std::exception_ptr&, Result<Response> got) {
                           result = std::move(got);
                       });
        own.restart();
        own.run();
        BOOST_REQUIRE(result);
        return std::move(*result);
    }
    Result<Response> called(std::shared_ptr<const TlsIdentity> station) {
        asio::io_context own;
        Client client(own, as(std::move(station)), {});
        return call(client, own);
    }
    /// A connection that says nothing.
    asio::ip::tcp::socket silent(asio::io_context& own) {
        asio::ip::tcp::socket socket(own);
        socket.connect({asio::ip::make_address(endpoint->host), endpoint->port});
        return socket;
    }

    asio::io_context context;
    std::optional<Endpoint> endpoint;
    bool told_of_refusal = false;
    std::promise<std::string> refused;  ///< the first refusal
    std::thread thread;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(https, Running)

BOOST_AUTO_TEST_CASE(the_handler_knows_the_station_by_its_certificate) {
    start();
    const auto answer = called(client(office().station()));
    BOOST_REQUIRE_MESSAGE(answer, answer.error().detail);
    BOOST_TEST(answer->body == "kh");
}

BOOST_AUTO_TEST_CASE(a_client_that_is_refused_learns_why_and_the_server_tells) {
    start();
    const auto answer = called(client(office().station(expired())));
    BOOST_TEST(configuration_failed(answer, "it has expired"));
    auto told = refused.get_future();
    BOOST_REQUIRE((told.wait_for(10s) == std::future_status::ready));
    BOOST_TEST(has(told.get(), "the client's certificate has expired"));
}

BOOST_AUTO_TEST_CASE(neither_side_works_without_its_files) {
    start();
    BOOST_TEST(configuration_failed(called(nullptr), "needs a CA"));
    asio::io_context own;
    BOOST_TEST(configuration_failed(serve(own, as(nullptr), {}, who), "needs a CA"));
}

BOOST_AUTO_TEST_CASE(a_kept_connection_ends_with_its_certificate) {
    start();
    asio::io_context own;
    Client client(own, as(this->client(office().station({now() - 1h, now() + 2s}))), {});
    BOOST_TEST(call(client, own).has_value());
    std::this_thread::sleep_for(3100ms);
    BOOST_TEST(!call(client, own).has_value());
}

BOOST_AUTO_TEST_CASE(who_greets_too_slowly_loses_the_connection) {
    Limits limits;
    limits.connect_timeout = 100ms;
    start(limits);
    asio::io_context own;
    auto socket = silent(own);
    char octet = 0;
    boost::system::error_code error;
    (void)socket.read_some(asio::buffer(&octet, 1), error);
    BOOST_TEST((error == asio::error::eof));
}

BOOST_AUTO_TEST_CASE(peers_without_a_certificate_cannot_keep_a_station_out) {
    Limits limits;
    limits.max_connections = 8;
    start(limits);
    asio::io_context own;
    std::vector<asio::ip::tcp::socket> crowd;
    for (int i = 0; i < 40; ++i) {
        crowd.push_back(silent(own));
    }
    const auto answer = called(client(office().station()));
    BOOST_REQUIRE_MESSAGE(answer, answer.error().detail);
    BOOST_TEST(answer->body == "kh");
}

BOOST_AUTO_TEST_SUITE_END()
