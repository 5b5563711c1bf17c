#pragma once
// The signed credential on a card: CWT claims (RFC 8392) in a COSE_Sign1. Bound to one chip by its
// UID, to one pass by its number, to one attempt by its `cti`. It names no person: a gate does not
// need it, and what is not on the card cannot be read from it.

#include <string>
#include <vector>

#include "cardformat/credential/cose.hpp"
#include "cardformat/pass/renewal.hpp"

namespace card {

struct PassCredential {
    std::string issuer;      ///< claim 1: the station, such as "port-office:kh"
    PassNumber pass_number;  ///< claim 2
    BusinessDay valid_from;  ///< claim 5: 00:00 +08:00 of this day
    BusinessDay valid_to;    ///< claim 4: 00:00 +08:00 of the day after, the end being inclusive
    AttemptId attempt;       ///< claim 7
    CardUid uid;             ///< claim -70001
    PassNumber old_pass_number;           ///< claim -70002
    std::vector<std::string> port_areas;  ///< claim -70003; a snapshot
};

/// The `pass` file's content.
[[nodiscard]] Result<Bytes> sign_credential(const PassCredential& credential,
                                            const SigningKeyId& kid, const Es256Signer& sign);

/// Checks signature and form; whether it is this chip's and today's is for the caller to compare.
[[nodiscard]] Result<PassCredential> verify_credential(BytesView message, const TrustList& trusted);

/// Whether the credential says what the central says of the renewal now.
[[nodiscard]] bool carries(const PassCredential& credential, const Renewal& renewal);

}  // namespace card
