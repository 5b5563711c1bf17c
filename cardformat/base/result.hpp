#pragma once
// The one way to report a failure. A `Fault` says what has to be done next; the words that an
// operator reads for it stand in one table (station/observe). `detail` is for ops: what was
// attempted, on what, with which code. It never holds personal data, keys or scanned text.

// Ignored results warn: the declaration must come before the library's own.
namespace tl {
template <class T, class E>
class [[nodiscard]] expected;
}

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace card {

enum class Fault : std::uint8_t {
    present_same_card_again,  ///< the card left the field or did not answer; its state is in doubt
    use_another_card,         ///< this card was refused and not touched
    set_card_aside,           ///< the card, or something between, answers falsely; quarantine
    scrap_card,               ///< the chip reports permanent damage
    wait_for_reader,          ///< reader unplugged, stuck or held by another program
    start_pcscd,              ///< the PC/SC service is not there
    grant_reader_access,      ///< the operating system denies access to reader or service
    restart_worker,           ///< the reader-worker died, hung or broke its protocol
    retry_later,              ///< the central cannot be reached or asks for time
    follow_refusal,           ///< the other side understood and refused; its words say why
    correct_input,            ///< what an operator, file or scanner gave cannot be used
    correct_configuration,    ///< a setting or key store does not fit
    insert_key_token,         ///< the token with the keys is not there or stopped answering
    correct_token_pin,        ///< the token refused its PIN, or one more wrong try would lock it
    unlock_key_token,         ///< the token's PIN is locked; only its security officer helps
    stop_station,             ///< the ledger cannot be trusted to be durable
    report_defect,            ///< an invariant of this program is broken
};

/// The stable name of a fault in logs, metrics and JSON: the enumerator itself.
[[nodiscard]] std::string_view name(Fault fault);

struct Failure {
    Fault fault;
    std::string detail;
};

template <class T>
using Result = tl::expected<T, Failure>;

[[nodiscard]] inline tl::unexpected<Failure> fail(Fault fault, std::string detail) {
    return tl::make_unexpected(Failure{fault, std::move(detail)});
}

/// Passes a failure on with what was being done at this level put before it.
[[nodiscard]] inline tl::unexpected<Failure> fail(std::string_view doing, const Failure& cause) {
    return tl::make_unexpected(
        Failure{cause.fault, std::string(doing).append(": ").append(cause.detail)});
}

}  // namespace card
