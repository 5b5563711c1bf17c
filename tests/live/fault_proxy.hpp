#pragma once
// Between a station and its central, by plain HTTP on loopback: passes on what it reads, and once
// does harm to the request that a test has chosen.

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace live {

/// What becomes of the chosen request.
enum class NetFault : std::uint8_t {
    refused,       ///< the connection ends before the central sees anything
    request_cut,   ///< the central gets half of it
    answer_lost,   ///< the central acts, the station hears nothing
    answer_cut,    ///< the station gets half of the answer
    duplicated,    ///< the central gets it twice, the station the second answer
    late,          ///< the answer comes when the station has given up
    server_error,  ///< 503 with Retry-After in the central's place
};
inline constexpr std::array all_net_faults{
    NetFault::refused,    NetFault::request_cut, NetFault::answer_lost, NetFault::answer_cut,
    NetFault::duplicated, NetFault::late,        NetFault::server_error};
[[nodiscard]] const char* name(NetFault fault);

/// The station's calls that a renewal needs, by the last segment of their path.
inline constexpr std::array renewal_calls{"renewals", "claims", "facts", "handover-authorizations"};

class FaultProxy {
  public:
    /// Listens at one loopback port and passes on to another.
    FaultProxy(std::uint16_t listen_port, std::uint16_t central_port);
    ~FaultProxy();
    FaultProxy(const FaultProxy&) = delete;
    FaultProxy& operator=(const FaultProxy&) = delete;

    /// From now on counts the calls anew, and harms the n-th one, from 1, of this call.
    void arm(const std::string& call, int n, NetFault fault);
    /// Whether the chosen request came. Nothing is armed any more.
    bool disarm();

  private:
    struct Armed {
        std::string call;
        int n;
        NetFault fault;
    };

    void accept_all();
    /// Serves one connection until either side ends it.
    void serve(int client);
    /// Passes on one request; false where the connection is to end.
    bool pass_on(int client, int central, const std::string& request);
    bool harm(int client, int central, const std::string& request, NetFault fault) const;
    /// The fault of this request, where it is the chosen one.
    std::optional<NetFault> chosen(const std::string& request);
    [[nodiscard]] int connect_to_central() const;

    std::uint16_t central_port_;
    int listener_;
    std::mutex mutex_;
    std::optional<Armed> armed_;
    int seen_ = 0;
    bool hit_ = false;
    std::vector<std::jthread> connections_;
    std::vector<int> open_;
    std::jthread acceptor_;
};

}  // namespace live
