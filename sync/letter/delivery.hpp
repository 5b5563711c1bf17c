#pragma once
// How a letter leaves: dropped into a folder that another program empties, or by SMTP. Both block,
// and both may be done twice for one letter; its name tells that it is the same one.

#include <string>
#include <string_view>
#include <variant>

#include "cardformat/base/result.hpp"

namespace card::letter {

/// A folder. The file appears whole or not at all, and survives a power cut.
struct Spool {
    std::string folder;
};

/// A mail server. TLS is asked for anywhere but on loopback.
struct MailServer {
    std::string url;   ///< smtp://host:port or smtps://host:port
    std::string from;  ///< the sender's address
};

using Delivery = std::variant<Spool, MailServer>;

struct OutgoingLetter {
    std::string name;  ///< stays the same however often it is sent; letters, digits and hyphens
    std::string to;    ///< an address
    std::string pdf;
};

/// `retry_later` where the server does not answer or the disk is full, `correct_configuration`
/// where settings are wrong, `follow_refusal` where the server will not take it.
[[nodiscard]] Result<void> deliver(const Delivery& delivery, const OutgoingLetter& letter);

}  // namespace card::letter
