#pragma once
// HTTP/1.1 messages between octets and values. Beast is included by codec.cpp only.

#include <optional>

#include "sync/http/http.hpp"

namespace card::http {

/// Why a request is not served: a status and a stable code.
struct Rejection {
    int status;
    std::string code;
    std::string detail;
};

struct ReceivedRequest {
    std::optional<Request> request;      ///< neither this nor a rejection: the peer is gone
    std::optional<Rejection> rejection;  ///< after this the connection cannot be kept
    bool keep_alive = false;
};

struct ReceivedResponse {
    Response response;
    bool keep_alive = false;
};

/// What arrived and belongs to the next message stays in `buffer`.
using Buffer = std::shared_ptr<std::string>;

asio::awaitable<ReceivedRequest> receive_request(std::shared_ptr<ByteStream> stream, Buffer buffer,
                                                 Limits limits);
asio::awaitable<Result<ReceivedResponse>> receive_response(std::shared_ptr<ByteStream> stream,
                                                           Buffer buffer, Limits limits);

/// `report_defect` where method, target or a header could not stand in a message.
[[nodiscard]] Result<std::string> serialized(const Request& request, std::string_view host);
/// A header that could not stand in a message is left out.
[[nodiscard]] std::string serialized(const Response& response, bool keep_alive, bool without_body);

[[nodiscard]] Response problem(const Rejection& rejection);

}  // namespace card::http
