#pragma once
// Drives a card conversation through a reader.

#include "cardformat/desfire/conversation.hpp"
#include "reader/host/reader_host.hpp"

namespace card::desk {

namespace asio = boost::asio;

template <class T>
asio::awaitable<T> drive(reader::ReaderHost& reader, desfire::Conversation<T> conversation) {
    std::optional<CommandApdu> command = conversation.start();
    while (command) {
        CommandApdu apdu = std::move(*command);
        Result<ResponseApdu> answer = co_await reader.transmit(std::move(apdu));
        command = conversation.answer(std::move(answer));
    }
    co_return conversation.take();
}

}  // namespace card::desk
