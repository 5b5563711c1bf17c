#pragma once
// A reader-worker that a test talks to without the station's host.

#include <array>
#include <optional>
#include <string>
#include <variant>

#include <boost/test/unit_test.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "reader/host/worker_process.hpp"
#include "reader/link/messages.hpp"

/// A worker that the test talks to octet by octet.
class Conversation {
  public:
    Conversation(const std::string& program, const card::reader::ReaderAddress& reader) {
        const card::Result<card::reader::WorkerProcess> started =
            card::reader::start_worker(program, card::reader::worker_options(reader));
        BOOST_REQUIRE(started);
        worker_ = *started;
    }
    ~Conversation() {
        close_socket();
        close(worker_.pidfd);
    }
    void say(const card::Bytes& octets) const {
        BOOST_REQUIRE(send(worker_.socket, octets.data(), octets.size(), MSG_NOSIGNAL) ==
                      static_cast<ssize_t>(octets.size()));
    }
    card::reader::FromWorker hear() {
        for (;;) {
            const card::Result<std::optional<card::Bytes>> content = frames_.next();
            BOOST_REQUIRE(content);
            if (*content) {
                const card::Result<card::reader::FromWorker> message =
                    card::reader::decode_from_worker(**content);
                BOOST_REQUIRE(message);
                return *message;
            }
            std::array<std::uint8_t, 512> buffer{};
            const ssize_t size = recv(worker_.socket, buffer.data(), buffer.size(), 0);
            BOOST_REQUIRE(size > 0);
            frames_.feed(card::BytesView(buffer).first(static_cast<std::size_t>(size)));
        }
    }
    template <class Message>
    Message hear_a() {
        for (;;) {
            card::reader::FromWorker message = hear();
            if (Message* const found = std::get_if<Message>(&message)) {
                return std::move(*found);
            }
        }
    }
    void close_socket() {
        if (worker_.socket >= 0) {
            close(worker_.socket);
            worker_.socket = -1;
        }
    }
    [[nodiscard]] std::string wait_for_end() const {
        return card::reader::reap_worker(worker_.pidfd);
    }

  private:
    card::reader::WorkerProcess worker_{-1, -1};
    card::reader::FrameReader frames_;
};
