#include "sync/http/codec.hpp"

#include <algorithm>
#include <array>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>

#include "sync/http/head.hpp"

namespace card::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::system::error_code;
using RequestParser = beast_http::request_parser<beast_http::string_body>;
using ResponseParser = beast_http::response_parser<beast_http::string_body>;

constexpr std::size_t read_size = std::size_t{16} * 1024;
constexpr std::size_t max_target_size = std::size_t{4} * 1024;
constexpr int http_1_1 = 11;
constexpr int max_interim_answers = 8;
constexpr int first_final_status = 200;
constexpr int switching_protocols = 101;

std::string text(boost::core::string_view view) {
    return {view.data(), view.size()};
}

std::string lower_case(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return name;
}

bool is_field_value(std::string_view value) {
    return std::none_of(value.begin(), value.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    });
}

bool is_origin_form(std::string_view target) {
    return target.starts_with('/') && target.size() <= max_target_size &&
           std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

bool is_framing(std::string_view lower_case_name) {
    static constexpr std::array<std::string_view, 6> names{
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade"};
    return std::find(names.begin(), names.end(), lower_case_name) != names.end();
}

template <class Fields>
std::map<std::string, std::string> headers_of(const Fields& fields) {
    std::map<std::string, std::string> headers;
    for (const auto& field : fields) {
        const std::string name = lower_case(text(field.name_string()));
        if (is_framing(name)) {
            continue;
        }
        const auto [entry, fresh] = headers.try_emplace(name, text(field.value()));
        if (!fresh) {
            entry->second += ", " + text(field.value());
        }
    }
    return headers;
}

Rejection malformed() {
    return {400, "malformed", "not an HTTP/1.1 request"};
}
Rejection header_too_large() {
    return {431, "header_too_large", "the header fields are too large"};
}

Rejection rejection_of(const error_code& error) {
    if (error == beast_http::error::header_limit) {
        return header_too_large();
    }
    if (error == beast_http::error::body_limit) {
        return {413, "body_too_large", "the body is too large"};
    }
    return malformed();
}

/// Transfer-Encoding with another length beside it, twice, or with more than "chunked" (RFC 9112,
/// 6.1 and 6.3).
template <class Message>
bool has_ambiguous_length(const Message& message) {
    const auto encodings = message.count(beast_http::field::transfer_encoding);
    return encodings > 1 ||
           (encodings == 1 &&
            (message.count(beast_http::field::content_length) > 0 ||
             lower_case(text(message[beast_http::field::transfer_encoding])) != "chunked"));
}

/// What the parser lets through and this server does not.
std::optional<Rejection> refused(const beast_http::request<beast_http::string_body>& message) {
    if (message.version() != http_1_1) {
        return Rejection{400, "http_version", "only HTTP/1.1 is spoken here"};
    }
    if (message.count(beast_http::field::host) != 1 ||
        !is_host(text(message[beast_http::field::host]))) {
        return Rejection{400, "host", "exactly one proper Host header is required"};
    }
    if (has_ambiguous_length(message)) {
        return Rejection{400, "framing", "the length of the body is ambiguous"};
    }
    if (!is_origin_form(text(message.target()))) {
        return Rejection{400, "target", "the target must be a path"};
    }
    if (message.count(beast_http::field::upgrade) > 0) {
        return Rejection{400, "upgrade", "no other protocol is spoken here"};
    }
    return std::nullopt;
}

ReceivedRequest received(RequestParser& parser) {
    ReceivedRequest received;
    received.rejection = refused(parser.get());
    if (!received.rejection) {
        received.keep_alive = parser.get().keep_alive();
        auto message = parser.release();
        Request request;
        request.method = text(message.method_string());
        request.target = text(message.target());
        request.headers = headers_of(message);
        request.body = std::move(message.body());
        received.request = std::move(request);
    }
    return received;
}

/// Feeds the parser from the buffer. True when the message is complete.
template <class Parser>
bool feed(Parser& parser, std::string& buffer, error_code& error) {
    if (!buffer.empty()) {
        const std::size_t used = parser.put(boost::asio::buffer(buffer), error);
        buffer.erase(0, used);
        if (error == beast_http::error::need_more) {
            error = {};
        }
    }
    return !error && parser.is_done();
}

template <class Parser>
void configure(Parser& parser, const Limits& limits) {
    parser.eager(true);
    parser.header_limit(static_cast<std::uint32_t>(limits.max_header_size));
    parser.body_limit(limits.max_body_size);
}

template <class Message>
std::string octets_of(Message& message) {
    beast_http::serializer<Message::is_request::value, beast_http::string_body> serializer(message);
    std::string octets;
    error_code error;
    while (!serializer.is_done() && !error) {
        std::size_t size = 0;
        serializer.next(error, [&](error_code& /*ok*/, const auto& buffers) {
            for (const auto& buffer : boost::beast::buffers_range_ref(buffers)) {
                octets.append(static_cast<const char*>(buffer.data()), buffer.size());
                size += buffer.size();
            }
        });
        serializer.consume(size);
    }
    return octets;
}

enum class Head : std::uint8_t { whole, ended, malformed, too_large };

/// Reads until the buffer holds a whole head; nothing of it is parsed before.
asio::awaitable<Result<Head>> receive_head(std::shared_ptr<ByteStream> stream, Buffer buffer,
                                           Limits limits) {
    HeadScan scan;
    std::array<char, read_size> chunk{};
    for (;;) {
        const HeadState state = scan.scan(*buffer);
        if (state == HeadState::malformed) {
            co_return Head::malformed;
        }
        if (state == HeadState::whole) {
            co_return has_proper_fields(*buffer) ? Head::whole : Head::malformed;
        }
        if (buffer->size() > limits.max_header_size) {
            co_return Head::too_large;
        }
        const Result<std::size_t> size = co_await stream->read_some(chunk);
        if (!size) {
            co_return tl::make_unexpected(size.error());
        }
        if (*size == 0) {
            co_return Head::ended;
        }
        buffer->append(chunk.data(), *size);
    }
}

/// After a whole head. What the parser has not taken yet, such as a chunk's extensions or trailers,
/// is held to the size of a head.
template <class Parser>
asio::awaitable<Result<error_code>> receive_rest(std::shared_ptr<ByteStream> stream, Buffer buffer,
                                                 Limits limits, Parser* parser) {
    std::array<char, read_size> chunk{};
    error_code error;
    while (!feed(*parser, *buffer, error)) {
        if (!error && buffer->size() > limits.max_header_size) {
            error = beast_http::error::header_limit;
        }
        if (!error && parser->is_header_done() && parser->need_eof()) {
            error = beast_http::error::bad_content_length;
        }
        if (error) {
            break;
        }
        const Result<std::size_t> size = co_await stream->read_some(chunk);
        if (!size) {
            co_return tl::make_unexpected(size.error());
        }
        if (*size == 0) {
            co_return fail(Fault::retry_later, "the other side broke off");
        }
        buffer->append(chunk.data(), *size);
    }
    co_return error;
}

/// One answer, interim or final.
asio::awaitable<Result<ReceivedResponse>> receive_one(std::shared_ptr<ByteStream> stream,
                                                      Buffer buffer, Limits limits) {
    const Result<Head> head = co_await receive_head(stream, buffer, limits);
    if (!head) {
        co_return tl::make_unexpected(head.error());
    }
    if (*head != Head::whole) {
        co_return fail(Fault::retry_later, *head == Head::ended       ? "the server broke off"
                                           : *head == Head::too_large ? "endless answer header"
                                                                      : "malformed answer");
    }
    ResponseParser parser;
    configure(parser, limits);
    const Result<error_code> error = co_await receive_rest(stream, buffer, limits, &parser);
    if (!error) {
        co_return tl::make_unexpected(error.error());
    }
    if (*error || has_ambiguous_length(parser.get())) {
        co_return fail(Fault::retry_later,
                       "malformed answer: " + (*error ? error->message() : "ambiguous length"));
    }
    ReceivedResponse received;
    received.keep_alive = parser.get().keep_alive() && buffer->empty();
    auto message = parser.release();
    received.response.status = static_cast<int>(message.result_int());
    received.response.content_type = text(message[beast_http::field::content_type]);
    received.response.headers = headers_of(message);
    received.response.headers.erase("content-type");
    received.response.body = std::move(message.body());
    co_return received;
}

}  // namespace

asio::awaitable<ReceivedRequest> receive_request(std::shared_ptr<ByteStream> stream, Buffer buffer,
                                                 Limits limits) {
    ReceivedRequest refused;
    const Result<Head> head = co_await receive_head(stream, buffer, limits);
    if (!head || *head == Head::ended) {
        co_return refused;
    }
    if (*head == Head::too_large) {
        refused.rejection = header_too_large();
        co_return refused;
    }
    if (*head == Head::malformed || !has_proper_request_line(*buffer)) {
        refused.rejection = malformed();
        co_return refused;
    }
    RequestParser parser;
    configure(parser, limits);
    const Result<error_code> error = co_await receive_rest(stream, buffer, limits, &parser);
    if (!error) {
        co_return refused;
    }
    if (*error) {
        refused.rejection = rejection_of(*error);
        co_return refused;
    }
    co_return received(parser);
}

asio::awaitable<Result<ReceivedResponse>> receive_response(std::shared_ptr<ByteStream> stream,
                                                           Buffer buffer, Limits limits) {
    for (int interim = 0; interim <= max_interim_answers; ++interim) {
        Result<ReceivedResponse> answer = co_await receive_one(stream, buffer, limits);
        if (!answer || answer->response.status >= first_final_status) {
            co_return answer;
        }
        if (answer->response.status == switching_protocols) {
            co_return fail(Fault::retry_later, "the server changes to another protocol unasked");
        }
    }
    co_return fail(Fault::retry_later, "the server gives interim answers only");
}

Result<std::string> serialized(const Request& request, std::string_view host) {
    // Answers to HEAD and CONNECT have no body whatever their length says.
    if (!is_token(request.method) || !is_origin_form(request.target) || request.method == "HEAD" ||
        request.method == "CONNECT") {
        return fail(Fault::report_defect, "the method or target cannot stand in a request");
    }
    beast_http::request<beast_http::string_body> message;
    message.version(http_1_1);
    message.method_string({request.method.data(), request.method.size()});
    message.target({request.target.data(), request.target.size()});
    message.set(beast_http::field::host, std::string(host));
    for (const auto& [name, value] : request.headers) {
        if (!is_token(name) || !is_field_value(value) || is_framing(lower_case(name))) {
            return fail(Fault::report_defect, "a header cannot stand in a request");
        }
        message.set(name, value);
    }
    message.body() = request.body;
    message.prepare_payload();
    return octets_of(message);
}

std::string serialized(const Response& response, bool keep_alive, bool without_body) {
    beast_http::response<beast_http::string_body> message;
    message.version(http_1_1);
    message.result(static_cast<unsigned>(response.status));
    message.keep_alive(keep_alive);
    const bool bodiless = response.status < 200 || response.status == 204 || response.status == 304;
    if (!bodiless) {
        message.set(beast_http::field::content_type, response.content_type);
        message.body() = response.body;
    }
    for (const auto& [name, value] : response.headers) {
        if (is_token(name) && is_field_value(value) && !is_framing(lower_case(name))) {
            message.set(name, value);
        }
    }
    message.prepare_payload();
    if (without_body) {
        message.body().clear();
    }
    return octets_of(message);
}

Response problem(const Rejection& rejection) {
    Response response;
    response.status = rejection.status;
    response.content_type = "application/problem+json";
    response.body = "{\"status\":" + std::to_string(rejection.status) + ",\"code\":\"" +
                    rejection.code + "\",\"detail\":\"" + rejection.detail +
                    "\",\"retryable\":" + (rejection.status >= 500 ? "true" : "false") + "}";
    return response;
}

}  // namespace card::http
