#pragma once
// The station's configuration file: TOML, read once, checked as a whole. `README.md` beside this
// file lists every setting.

#include <optional>
#include <string>
#include <vector>

#include "cardformat/base/time.hpp"
#include "cardformat/pass/old_pass_qr.hpp"
#include "station/issuance/production.hpp"
#include "sync/http/http.hpp"

namespace card::config {

enum class ReaderRole : std::uint8_t { production, counter };

struct ReaderSetting {
    std::string name;  ///< as PC/SC names it
    ReaderRole role;
};

struct Config {
    std::string station;  ///< the central's name for it, such as "kh"
    http::Endpoint central;
    http::Endpoint control;
    std::string ledger;         ///< path of the SQLite file
    std::string keys;           ///< key store: a folder, or the pkcs11: URI of a token
    std::string reader_worker;  ///< path of the reader-worker program
    std::optional<BusinessDay> business_date;
    std::optional<http::Endpoint> metrics;  ///< where /metrics and /healthz are, if anywhere
    std::vector<ReaderSetting> readers;
    std::vector<OldPassRecogniser> old_pass_forms;
    issuance::ProductionPolicy production;
};

/// `correct_configuration` naming file, line and setting; an unknown setting is one too.
[[nodiscard]] Result<Config> read(const std::string& path);

}  // namespace card::config
