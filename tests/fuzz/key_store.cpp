// The name of a key store, the label of a key in it, a list of public keys: refused without a
// repetition of what may hold a PIN, or kept as it was meant.
#include "fuzz.hpp"

#include "station/vault/key_name.hpp"
#include "station/vault/store_spec.hpp"
#include "station/vault/trust_file.hpp"

using namespace card;

namespace {

void name_a_store(std::string_view text) {
    const auto spec = parse_store_spec(text);
    if (!spec) {
        require(spec.error().fault == Fault::correct_configuration);
        require(text.size() < 40 || spec.error().detail.find(text) == std::string::npos);
    } else if (const auto* token = std::get_if<TokenSpec>(&*spec)) {
        require(!token->label.empty() || !token->serial.empty());
        require(token->module_path.starts_with('/'));
        require(!token->trust_file || token->trust_file->starts_with('/'));
    } else {
        require(std::get<DevelopmentFolder>(*spec).path == text);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    const std::string_view text = input.text();
    name_a_store(text);
    if (const auto key = parse_label(text)) {
        require(label(*key) == text);
    }
    if (const auto trusted = parse_trust_list(text)) {
        require(parse_trust_list(trust_file_text(*trusted)).value() == *trusted);
    }
    return 0;
}
