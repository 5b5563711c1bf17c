#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "tests/virtual/vcard/descriptor.hpp"
#include "tests/virtual/vcard/stored_card.hpp"

namespace virtual_card {

/// One reader's slot and the card that may lie in it: the driver's peer at 127.0.0.1.
class Slot {
  public:
    Slot(std::filesystem::path memory_path, std::uint16_t port, const Timing& timing);

    /// The driver listens at this UNIX socket, not at a port.
    void use_socket(std::filesystem::path driver_socket);
    void insert();
    void remove();
    bool present() const { return present_; }
    /// The reader has gone: its driver hears no more of the card, which stays in the slot.
    void hang_up() { disconnect(); }
    /// Only while absent.
    void load(std::filesystem::path memory_path) { stored_.load(std::move(memory_path)); }
    void trace_to(const std::filesystem::path& file) { stored_.trace_to(file); }
    Card& card() { return stored_.card(); }
    const Card& card() const { return stored_.card(); }
    /// Gives the driver the answer that a hanging card owes; false if none does.
    bool release();
    std::string state() const;

    /// A card is present, but the driver is not connected: connect() should be tried.
    bool wants_connection() const { return present_ && !driver_; }
    void connect();

    /// -1 while not connected.
    int descriptor() const { return driver_.get(); }
    /// Reads one message from the driver and answers it.
    void serve();

  private:
    [[nodiscard]] Descriptor connected_to_port() const;
    [[nodiscard]] Descriptor connected_to_socket() const;
    std::optional<Bytes> receive_message();
    bool receive_exactly(std::span<std::uint8_t> out);
    void send_message(ByteView body);
    void disconnect();
    void control(std::uint8_t code);
    void exchange(ByteView apdu);

    StoredCard stored_;
    std::uint16_t port_;
    std::filesystem::path driver_socket_;  ///< empty: the driver is at the port
    bool present_ = false;
    Descriptor driver_;
};

}  // namespace virtual_card
