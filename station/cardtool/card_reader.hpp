#pragma once
// One reader, used by one command from beginning to end. Everything here blocks.

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "cardformat/desfire/conversation.hpp"
#include "reader/link/messages.hpp"
#include "station/cardtool/command.hpp"

namespace card::cardtool {

/// The program reader-worker, where it lies beside this program or is installed with it.
[[nodiscard]] std::string worker_program();

/// The readers of the PC/SC service.
[[nodiscard]] Outcome<std::vector<reader::ListedReader>> find_readers();

/// The one that was asked for, or the only one. Stops with the names where it takes a choice.
[[nodiscard]] Outcome<std::string> choose_reader(std::span<const reader::ListedReader> readers,
                                                 const std::optional<std::string>& wanted);

class CardReader {
  public:
    /// `name` is what the service calls the reader.
    explicit CardReader(std::string name);
    CardReader(const CardReader&) = delete;
    CardReader& operator=(const CardReader&) = delete;
    ~CardReader();  ///< leaves the card reset

    /// Waits until a card lies there and opens an exclusive connection to it. Calls `none_yet` once
    /// where there is none at first. Fails where the reader, and not the card, is the matter.
    [[nodiscard]] Result<void> await_card(const std::function<void()>& none_yet);

    /// Speaks with the card; `sent` is called after each APDU.
    template <class T>
    [[nodiscard]] T converse(desfire::Conversation<T> conversation,
                             const std::function<void()>& sent = {}) {
        std::optional<CommandApdu> command = conversation.start();
        while (command) {
            command = conversation.answer(transmit(std::move(*command)));
            if (sent) {
                sent();
            }
        }
        return conversation.take();
    }

  private:
    [[nodiscard]] Result<ResponseApdu> transmit(CommandApdu apdu);

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace card::cardtool
