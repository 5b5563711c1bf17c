#pragma once
// How the control interface begins what needs the counter's reader.

#include <boost/json.hpp>

#include "station/console/answers.hpp"
#include "station/console/console.hpp"

namespace card::console {

/// Begins a sitting, and answers with its id.
template <class Request>
[[nodiscard]] http::Response begin_sitting(Console& console, Request request) {
    if (console.counter == nullptr) {
        return problem(409, Fault::correct_configuration, "no reader has the role \"counter\"");
    }
    const auto id = console.counter->begin(std::move(request));
    return id ? reply(201, boost::json::object{{"id", *id}})
              : problem(409, id.error().fault, id.error().detail);
}

}  // namespace card::console
