#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

#include <nfc/nfc.h>

#include "tests/bench/bare.hpp"
#include "tests/bench/nfc_parrot.hpp"

namespace figures {
namespace {

constexpr std::size_t room_for_answer = 512;
constexpr int patience_ms = 5'000;
constexpr nfc_modulation type_a_106{NMT_ISO14443A, NBR_106};

void require(bool holds, const char* call) {
    if (!holds) {
        throw std::runtime_error(std::string(call) + " failed");
    }
}

void send(nfc_device* board, const Dialogue& dialogue) {
    std::array<std::uint8_t, room_for_answer> answer{};
    for (const Exchange& exchange : dialogue) {
        const int size =
            nfc_initiator_transceive_bytes(board, exchange.command.data(), exchange.command.size(),
                                           answer.data(), answer.size(), patience_ms);
        require(size >= 0, "nfc_initiator_transceive_bytes");
        require(std::equal(exchange.answer.begin(), exchange.answer.end(), answer.begin(),
                           answer.begin() + size),
                "comparing the replay's answers with the recorded ones");
    }
}

void replay_over_libnfc(const std::string& port, const Dialogue& dialogue) {
    nfc_context* library = nullptr;
    nfc_init(&library);
    const std::unique_ptr<nfc_context, void (*)(nfc_context*)> context(library, nfc_exit);
    const std::unique_ptr<nfc_device, void (*)(nfc_device*)> board(
        nfc_open(library, ("pn532_uart:" + port).c_str()), nfc_close);
    require(board != nullptr, "nfc_open");
    require(nfc_initiator_init(board.get()) >= 0, "nfc_initiator_init");
    nfc_target card{};
    require(nfc_initiator_select_passive_target(board.get(), type_a_106, nullptr, 0, &card) == 1,
            "nfc_initiator_select_passive_target");
    send(board.get(), dialogue);
}

}  // namespace

Bare bare_libnfc(const std::string& folder) {
    return {"nfc_initiator_transceive_bytes",
            [port = folder + "/parrot"](const Dialogue& dialogue) {
                NfcParrot parrot(port, dialogue);
                replay_over_libnfc(port, dialogue);
                return parrot.leave();
            }};
}

}  // namespace figures
