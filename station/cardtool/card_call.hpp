#pragma once
// What every command about a card does first: its options, its keys, its reader, a card.

#include "cardformat/crypto/random.hpp"
#include "cardformat/desfire/identify.hpp"
#include "cardformat/vault/vault.hpp"
#include "station/cardtool/card_reader.hpp"

namespace card::cardtool {

/// The command's own options and those of every command about a card, --reader and --frame. Nothing
/// where they do not fit, which has been told then.
[[nodiscard]] std::optional<boost::program_options::variables_map> card_options(
    const Invocation& invocation,
    const std::function<void(boost::program_options::options_description&)>& add_own);

/// The text of an option, if it was given.
[[nodiscard]] std::optional<std::string> given_text(
    const boost::program_options::variables_map& given, const std::string& name);

/// The store of --keys. Says so where it is an unsafe one.
[[nodiscard]] Outcome<std::unique_ptr<Vault>> open_keys(const Invocation& invocation);

/// The largest frame that the reader takes, of --frame OCTETS.
[[nodiscard]] Outcome<desfire::FrameLimit> frame_of(
    const boost::program_options::variables_map& given);

/// The reader of --reader with a card on it, which is waited for.
[[nodiscard]] Outcome<std::unique_ptr<CardReader>> open_card(
    const Invocation& invocation, const boost::program_options::variables_map& given);

}  // namespace card::cardtool
