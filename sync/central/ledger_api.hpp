#pragma once
// The part of the station API that speaks of a station's ledger: facts, incarnations, heartbeat.

#include "sync/central/central.hpp"

namespace card::central {

asio::awaitable<http::Response> facts(std::shared_ptr<Central> central, Station station,
                                      std::string body);
[[nodiscard]] http::Response acknowledged(Central& central, const Station& station,
                                          const std::string& target);
[[nodiscard]] http::Response own_facts(Central& central, const Station& station,
                                       const std::string& target);
[[nodiscard]] http::Response open_incarnation(Central& central, const Station& station,
                                              const std::string& incarnation,
                                              const std::string& body);
[[nodiscard]] http::Response heartbeat(Central& central, const Station& station,
                                       const std::string& body);

}  // namespace card::central
