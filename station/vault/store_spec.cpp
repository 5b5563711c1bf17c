#include "station/vault/store_spec.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <set>
#include <vector>

#include <p11-kit/uri.h>

#include "cardformat/base/deleter.hpp"

namespace card {
namespace {

constexpr std::size_t max_spec_size = 4096;
constexpr std::string_view scheme = "pkcs11:";

using Uri = std::unique_ptr<P11KitUri, Deleter<p11_kit_uri_free>>;

tl::unexpected<Failure> unusable(const std::string& why) {
    return fail(Fault::correct_configuration, "key store URI: " + why);
}

bool has_scheme(std::string_view text) {
    return text.size() >= scheme.size() &&
           std::equal(scheme.begin(), scheme.end(), text.begin(), [](char wished, char given) {
               return wished == std::tolower(static_cast<unsigned char>(given));
           });
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

/// p11-kit ignores what it does not know, so a mistyped attribute would pass unseen.
Result<void> check_attributes(std::string_view text) {
    constexpr std::array<std::string_view, 4> of_token{"token", "serial", "manufacturer", "model"};
    constexpr std::array<std::string_view, 3> of_access{"module-path", "pin-source",
                                                        "trust-source"};
    const std::size_t question = std::min(text.find('?'), text.size());
    const auto path = split(text.substr(0, question), ';');
    const auto query = split(text.substr(std::min(question + 1, text.size())), '&');
    std::set<std::string_view> seen;
    for (const auto& [parts, in_query] : {std::pair(path, false), std::pair(query, true)}) {
        for (const std::string_view part : parts) {
            const std::string_view attribute = part.substr(0, part.find('='));
            if (attribute == "pin-value") {
                return unusable(
                    "pin-value is refused, for whoever sees this process or its configuration "
                    "would see the PIN; use pin-source=file:PATH or pin-source=env:NAME");
            }
            const bool known = in_query ? std::ranges::find(of_access, attribute) != of_access.end()
                                        : std::ranges::find(of_token, attribute) != of_token.end();
            if (!known || !seen.insert(attribute).second) {
                return unusable(
                    std::string(known ? "an attribute is given twice"
                                      : "an attribute is unknown, or on the wrong side of '?'") +
                    "; known are token, serial, manufacturer, model ? module-path, pin-source, "
                    "trust-source");
            }
        }
    }
    return {};
}

/// A field of CK_TOKEN_INFO: padded with blanks, or all zeros where the URI does not have it.
template <std::size_t N>
std::string field(const unsigned char (&padded)[N]) {
    std::string text(padded, padded + N);
    text.erase(std::min(text.find('\0'), text.size()));
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

/// The path of `file:PATH` or `PATH`, absolute; nothing otherwise.
std::optional<std::string> file_path(std::string_view source) {
    if (source.starts_with("file:")) {
        source.remove_prefix(5);
    }
    if (source.starts_with("///")) {
        source.remove_prefix(2);
    }
    if (!source.starts_with('/') || source.starts_with("//")) {
        return std::nullopt;
    }
    return std::string(source);
}

Result<PinSource> pin_source(const char* given) {
    if (given == nullptr) {
        return unusable("pin-source is missing: file:PATH or env:NAME says where the PIN is");
    }
    const std::string_view source = given;
    if (source.starts_with("env:") && source.size() > 4) {
        return PinVariable{std::string(source.substr(4))};
    }
    auto path = file_path(source);
    if (!path) {
        return unusable("pin-source is neither file:PATH with an absolute path nor env:NAME");
    }
    return PinFile{std::move(*path)};
}

Result<StoreSpec> parse_token(const std::string& text) {
    if (auto known = check_attributes(std::string_view(text).substr(scheme.size())); !known) {
        return tl::make_unexpected(known.error());
    }
    const Uri uri(p11_kit_uri_new());
    if (!uri) {
        return fail(Fault::report_defect, "p11_kit_uri_new");
    }
    if (p11_kit_uri_parse(text.c_str(), P11_KIT_URI_FOR_ANY, uri.get()) != P11_KIT_URI_OK ||
        p11_kit_uri_any_unrecognized(uri.get()) != 0) {
        return unusable("it is no PKCS #11 URI (RFC 7512), or a name is longer than a token's");
    }
    const CK_TOKEN_INFO& token = *p11_kit_uri_get_token_info(uri.get());
    const char* module = p11_kit_uri_get_module_path(uri.get());
    const char* trust = p11_kit_uri_get_vendor_query(uri.get(), "trust-source");
    auto pin = pin_source(p11_kit_uri_get_pin_source(uri.get()));
    if (!pin) {
        return tl::make_unexpected(pin.error());
    }
    if (module == nullptr || *module != '/') {
        return unusable("module-path must be the absolute path of the token's PKCS #11 module");
    }
    TokenSpec spec{field(token.label),
                   field(token.serialNumber),
                   field(token.manufacturerID),
                   field(token.model),
                   module,
                   std::move(*pin),
                   std::nullopt};
    if (spec.label.empty() && spec.serial.empty()) {
        return unusable("token=LABEL or serial=NUMBER must say which token");
    }
    if (trust != nullptr) {
        spec.trust_file = file_path(trust);
        if (!spec.trust_file) {
            return unusable("trust-source is no file:PATH with an absolute path");
        }
    }
    return StoreSpec(std::move(spec));
}

}  // namespace

Result<StoreSpec> parse_store_spec(std::string_view text) {
    if (text.empty() || text.size() > max_spec_size || text.find('\0') != std::string_view::npos) {
        return fail(Fault::correct_configuration,
                    "a key store is named by a folder or a pkcs11: URI of at most 4096 octets");
    }
    if (!has_scheme(text)) {
        return StoreSpec(DevelopmentFolder{std::string(text)});
    }
    std::string lower(scheme);
    return parse_token(lower.append(text.substr(scheme.size())));
}

}  // namespace card
