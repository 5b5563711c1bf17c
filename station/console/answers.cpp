#include "station/console/answers.hpp"

#include <boost/json.hpp>

#include "station/observe/words.hpp"

namespace card::console {

namespace json = boost::json;

http::Response reply(int status, const json::value& body) {
    http::Response response;
    response.status = status;
    response.body = json::serialize(body);
    return response;
}

http::Response problem(int status, Fault fault, std::string_view detail) {
    const observe::Words& words = observe::words(fault);
    http::Response response = reply(status, json::object{{"status", status},
                                                         {"code", words.name},
                                                         {"words_zh", words.zh},
                                                         {"words_en", words.en},
                                                         {"detail", detail}});
    response.content_type = "application/problem+json";
    return response;
}

}  // namespace card::console
