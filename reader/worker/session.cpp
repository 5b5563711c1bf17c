#include "reader/worker/session.hpp"

#include <cerrno>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include "reader/worker/inbox.hpp"

namespace card::reader {
namespace {

void send_octets(int socket, BytesView rest) {
    while (!rest.empty()) {
        const ssize_t sent = send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            rest = rest.subspan(static_cast<std::size_t>(sent));
        } else if (errno != EINTR) {
            _exit(exit_station_gone);
        }
    }
}

void send_to_station(int socket, const FromWorker& message) {
    send_octets(socket, encode(message));
}

class Session {
  public:
    Session(Backend& backend, int socket) : backend_(backend), socket_(socket) {}

    [[nodiscard]] bool connected() const { return connected_; }

    void operator()(const Connect& /*unused*/) {
        if (connected_) {
            answer_failure({Fault::restart_worker, "a connection is open already"});
            return;
        }
        Result<void> opened = backend_.connect();
        if (!opened) {
            answer_failure(std::move(opened.error()));
            return;
        }
        connected_ = true;
        send_to_station(socket_, Connected{backend_.largest_frame()});
    }

    void operator()(const Transmit& message) {
        if (!connected_) {
            answer_failure({Fault::present_same_card_again, "no connection to a card is open"});
            return;
        }
        Result<Bytes> answer = backend_.transmit(message.apdu);
        if (!answer) {
            answer_failure(std::move(answer.error()));
            end_connection(Disposition::reset);
            return;
        }
        send_to_station(socket_, Response{std::move(*answer)});
    }

    void operator()(const Disconnect& message) {
        if (connected_ && message.cue != Cue::none) {
            backend_.give(message.cue);
        }
        end_connection(message.disposition);
        send_to_station(socket_, Disconnected{});
    }

  private:
    void end_connection(Disposition disposition) {
        if (std::exchange(connected_, false)) {
            backend_.disconnect(disposition);
        }
    }

    void answer_failure(Failure failure) {
        send_to_station(socket_, Failed{failure.fault, std::move(failure.detail)});
    }

    Backend& backend_;
    const int socket_;
    bool connected_ = false;
};

}  // namespace

void tell_readers(const Result<std::vector<ListedReader>>& readers, int socket) {
    if (!readers) {
        send_octets(socket,
                    encode_from_lister(Failed{readers.error().fault, readers.error().detail}));
        return;
    }
    for (const ListedReader& reader : *readers) {
        send_octets(socket, encode_from_lister(reader));
    }
    send_octets(socket, encode_from_lister(ListEnd{}));
}

void serve(Backend& backend, int socket) {
    Session session(backend, socket);
    Inbox inbox(socket, [&backend] { backend.interrupt(); });
    for (;;) {
        if (session.connected()) {
            const ToWorker message = inbox.take();
            std::visit(session, message);
        } else if (const std::optional<ToWorker> message = inbox.try_take()) {
            std::visit(session, *message);
        } else {
            inbox.call_when_octets_come();
            if (const std::optional<FromWorker> event = backend.next_event()) {
                send_to_station(socket, *event);
            }
        }
    }
}

}  // namespace card::reader
