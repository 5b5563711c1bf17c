// A reader-worker whose reader does what its name says. The message loop is the real one.

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include "reader/worker/session.hpp"

namespace {

using card::Bytes;
using card::BytesView;
using card::Fault;
using card::Result;
using namespace card::reader;

constexpr int station_socket = 3;

void send_raw(const Bytes& octets) {
    if (send(station_socket, octets.data(), octets.size(), MSG_NOSIGNAL) < 0) {
        _exit(5);
    }
}

[[noreturn]] void hang() {
    for (;;) {
        pause();
    }
}

class ScriptedBackend final : public Backend {
  public:
    ScriptedBackend(std::string script, FrameSize largest_frame)
        : script_(std::move(script)),
          largest_frame_(largest_frame),
          events_{ReaderUp{script_}, CardPresent{{0x3B, 0x81}}} {
        if (script_ == "replaces its card") {
            events_.emplace_back(CardRemoved{});
            events_.emplace_back(CardPresent{{0x3B, 0x82}});
        }
    }

    std::optional<FromWorker> next_event() override {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return interrupted_ || !events_.empty(); });
        interrupted_ = false;
        if (events_.empty()) {
            return std::nullopt;
        }
        FromWorker event = std::move(events_.front());
        events_.pop_front();
        return event;
    }

    void interrupt() override {
        const std::scoped_lock lock(mutex_);
        interrupted_ = true;
        changed_.notify_all();
    }

    FrameSize largest_frame() const override { return largest_frame_; }

    Result<void> connect() override {
        if (script_ == "dies in connect") {
            _exit(8);
        }
        if (script_ == "is held by another program") {
            return card::fail(Fault::wait_for_reader, "SCardConnect: 0x8010000B");
        }
        if (script_ == "answers a connect with garbage") {
            send_raw({0xFF, 0xFF, 0xFF});
            hang();
        }
        if (script_ == "loses its reader in connect") {
            send_raw(encode(ReaderDown{Fault::start_pcscd, "no service"}));
        }
        return {};
    }

    Result<Bytes> transmit(BytesView apdu) override {
        if (script_ == "hangs in transmit") {
            hang();
        }
        if (script_ == "answers late") {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
        if (script_ == "dies in transmit") {
            _exit(7);
        }
        if (script_ == "crashes in transmit") {
            std::abort();
        }
        if (script_ == "answers twice") {
            send_raw(encode(Response{{0x90, 0x00}}));
        }
        if (script_ == "answers with another kind") {
            send_raw(encode(Connected{}));
            hang();
        }
        if (script_ == "loses its card") {
            return card::fail(Fault::present_same_card_again, "SCardTransmit: success with 0");
        }
        if (script_ == "fails once" && !std::exchange(failed_, true)) {
            return card::fail(Fault::present_same_card_again, "SCardTransmit: 0x80100016");
        }
        if (script_ == "answers with one octet") {
            return Bytes{0x90};
        }
        Bytes answer(apdu.begin(), apdu.end());
        if (script_ == "tells its cues" || script_ == "fails once") {
            answer = cues_;
        }
        answer.push_back(0x91);
        answer.push_back(0x00);
        return answer;
    }

    void give(Cue cue) override {
        if (script_ == "hangs in a cue") {
            hang();
        }
        cues_.push_back(static_cast<std::uint8_t>(cue));
    }

    void disconnect(Disposition /*disposition*/) override {
        if (script_ == "hangs in disconnect") {
            hang();
        }
        if (script_ == "loses its reader in connect") {
            const std::scoped_lock lock(mutex_);
            events_.emplace_back(ReaderUp{script_});
        }
    }

  private:
    const std::string script_;
    const FrameSize largest_frame_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<FromWorker> events_;
    bool interrupted_ = false;
    bool failed_ = false;
    Bytes cues_;  ///< given so far
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 5) {  // --pcsc SCRIPT --frame OCTETS
        return 64;
    }
    const std::string script = arguments[2];
    if (script == "dies at once") {
        return 9;
    }
    if (script == "closes its socket") {
        close(station_socket);
        hang();
    }
    if (script == "sends garbage at once") {
        send_raw({0x00, 0x00, 0x00});
        hang();
    }
    const auto octets = static_cast<std::uint16_t>(std::strtoul(arguments[4], nullptr, 10));
    ScriptedBackend backend(script, FrameSize{octets});
    serve(backend, station_socket);
}
