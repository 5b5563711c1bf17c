#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "tests/virtual/desfire/card.hpp"
#include "tests/virtual/desfire/timing.hpp"
#include "tests/virtual/vcard/descriptor.hpp"

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
    /// Only while absent.
    void load(std::filesystem::path memory_path);
    /// Appends every APDU to this file from now on; README.md has the form. Throws std::exception.
    void trace_to(const std::filesystem::path& file);
    Card& card() { return *card_; }
    const Card& card() const { return *card_; }
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
    using Moment = std::chrono::steady_clock::time_point;

    [[nodiscard]] Descriptor connected_to_port() const;
    [[nodiscard]] Descriptor connected_to_socket() const;
    std::optional<Bytes> receive_message();
    bool receive_exactly(std::span<std::uint8_t> out);
    void send_message(ByteView body);
    void disconnect();
    void control(std::uint8_t code);
    void exchange(ByteView apdu);
    void trace(ByteView apdu, const std::optional<Bytes>& answer, Moment arrived, Moment answered);

    std::filesystem::path memory_path_;
    std::uint16_t port_;
    std::filesystem::path driver_socket_;  ///< empty: the driver is at the port
    Timing timing_;
    CardMemory memory_;
    std::optional<Card> card_;
    bool present_ = false;
    Descriptor driver_;
    std::ofstream trace_;  ///< not open: none is kept
};

}  // namespace virtual_card
