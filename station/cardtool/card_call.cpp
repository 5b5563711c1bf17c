#include "station/cardtool/card_call.hpp"

#include <charconv>

#include "station/vault/key_store.hpp"

namespace card::cardtool {

namespace options = boost::program_options;

namespace {

/// A frame that the longest command of a fixed size fits, and the largest of ISO/IEC 14443-4.
constexpr std::size_t min_frame = 48;
constexpr std::size_t max_frame = 256;

}  // namespace

std::optional<options::variables_map> card_options(
    const Invocation& invocation,
    const std::function<void(options::options_description&)>& add_own) {
    options::options_description described;
    described.add_options()("reader", options::value<std::string>())("frame",
                                                                     options::value<std::string>());
    add_own(described);
    return own_options(invocation, described, {});
}

std::optional<std::string> given_text(const options::variables_map& given,
                                      const std::string& name) {
    return given.contains(name) ? std::optional(given[name].as<std::string>()) : std::nullopt;
}

Outcome<std::unique_ptr<Vault>> open_keys(const Invocation& invocation) {
    if (!invocation.keys) {
        return stop(Exit::usage, "this command needs --keys STORE. Try cardtool --help.");
    }
    auto vault = open_vault(*invocation.keys);
    if (!vault) {
        return stop(vault.error());
    }
    for (const VaultNotice& notice : (*vault)->notices()) {
        if (notice.kind == VaultNotice::Kind::unsafe) {
            invocation.err << "UNSAFE keys: plain files, for development only.\n";
        }
    }
    return std::move(*vault);
}

Outcome<desfire::FrameLimit> frame_of(const options::variables_map& given) {
    const auto text = given_text(given, "frame");
    if (!text) {
        return desfire::smallest_frame_limit;
    }
    std::size_t size = 0;
    const char* const end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data(), end, size);
    if (error != std::errc() || rest != end || size < min_frame || size > max_frame) {
        return stop(Exit::usage, "--frame takes octets, " + std::to_string(min_frame) + " to " +
                                     std::to_string(max_frame) + ". Try cardtool --help.");
    }
    return desfire::FrameLimit::of_frame(size);
}

Outcome<std::unique_ptr<CardReader>> open_card(const Invocation& invocation,
                                               const options::variables_map& given) {
    const auto readers = find_readers();
    if (!readers) {
        return tl::make_unexpected(readers.error());
    }
    const auto name = choose_reader(*readers, given_text(given, "reader"));
    if (!name) {
        return tl::make_unexpected(name.error());
    }
    auto reader = std::make_unique<CardReader>(*name);
    const auto lies_there = reader->await_card([&] {
        invocation.err << "Put one card on the reader \"" << *name << "\".\n" << std::flush;
    });
    if (!lies_there) {
        return stop(lies_there.error());
    }
    return reader;
}

}  // namespace card::cardtool
