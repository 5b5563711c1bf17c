#pragma once
// The station's configuration file: TOML, read once, checked as a whole. `README.md` beside this
// file lists every setting.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cardformat/base/time.hpp"
#include "cardformat/pass/old_pass_qr.hpp"
#include "reader/hotplug/reader_address.hpp"
#include "station/issuance/hand_over.hpp"
#include "station/issuance/production.hpp"
#include "sync/http/tls.hpp"

namespace card::config {

enum class ReaderRole : std::uint8_t { production, counter };

struct ReaderSetting {
    std::string name;  ///< what people and logs call it
    reader::ReaderAddress address;
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
    issuance::HandOverPolicy hand_over;
    std::optional<http::TlsFiles> tls;  ///< there where, and only where, `central` is https://
};

/// `correct_configuration` naming line and setting; an unknown setting is one too.
[[nodiscard]] Result<Config> parse(std::string_view text);

/// The same of a file, which the failure names.
[[nodiscard]] Result<Config> read(const std::string& path);

}  // namespace card::config
