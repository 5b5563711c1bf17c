#include "cardformat/desfire/session.hpp"

namespace card::desfire {
namespace {

Bytes protect_with(Ev1Session& messaging, const NativeCommand& command) {
    if (command.mode == CommMode::full && !command.data.empty()) {
        return messaging.protect_full(command.ins, command.header, command.data, command.after_crc);
    }
    Bytes parameters = command.header;
    append(parameters, command.data);
    return messaging.protect_plain(command.ins, parameters);
}

Bytes protect_with(Ev2Session& messaging, const NativeCommand& command) {
    Bytes data = command.data;
    append(data, command.after_crc);
    Bytes payload = messaging.protect(command.ins, command.header, data, command.mode);
    wipe_octets(data);
    return payload;
}

Result<Bytes> open_with(Ev1Session& messaging, const NativeCommand& command,
                        const NativeAnswer& answer) {
    const bool enciphered = command.mode == CommMode::full && command.reads;
    return enciphered ? messaging.open_full(answer.status, answer.data, *command.reads)
                      : messaging.open_mac(answer.status, answer.data);
}

Result<Bytes> open_with(Ev2Session& messaging, const NativeCommand& command,
                        const NativeAnswer& answer) {
    return messaging.open(answer.status, answer.data, command.mode);
}

}  // namespace

Bytes Session::protect(const NativeCommand& command) {
    return std::visit([&](auto& messaging) { return protect_with(messaging, command); },
                      messaging_);
}

Result<Bytes> Session::open(const NativeCommand& command, const NativeAnswer& answer) {
    return std::visit([&](auto& messaging) { return open_with(messaging, command, answer); },
                      messaging_);
}

}  // namespace card::desfire
