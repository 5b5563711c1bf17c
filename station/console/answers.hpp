#pragma once
// How the control interface answers: JSON, and problems with the words that people read.

#include <string_view>

#include <boost/json/value.hpp>

#include "cardformat/base/result.hpp"
#include "sync/http/http.hpp"

namespace card::console {

[[nodiscard]] http::Response reply(int status, const boost::json::value& body);
[[nodiscard]] http::Response problem(int status, Fault fault, std::string_view detail);

}  // namespace card::console
