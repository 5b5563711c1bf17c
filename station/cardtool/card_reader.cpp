#include "station/cardtool/card_reader.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <boost/asio/co_spawn.hpp>

#include "reader/host/reader_host.hpp"
#include "reader/host/reader_list.hpp"

namespace card::cardtool {
namespace {

namespace fs = std::filesystem;
namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::chrono::seconds list_patience{10};
/// A card that lies there is told of within this time, mostly.
constexpr auto quiet = 500ms;

/// In a package of its own folder beside bin; in a build in the same one.
constexpr std::string_view worker_name = "reader-worker";
constexpr std::string_view installed_folder = "../libexec/card-station";

template <class T>
asio::awaitable<void> keep(asio::awaitable<T> work, std::optional<T>* result) {
    T value = co_await std::move(work);
    result->emplace(std::move(value));
}

void rethrow(const std::exception_ptr& error) {
    if (error) {
        std::rethrow_exception(error);
    }
}

std::string names_of(std::span<const reader::ListedReader> readers) {
    std::string names;
    for (const reader::ListedReader& reader : readers) {
        names += "\n  " + reader.name;
    }
    return names;
}

}  // namespace

std::string worker_program() {
    std::error_code error;
    const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
    const fs::path beside = here / worker_name;
    return fs::exists(beside, error) ? beside : here / installed_folder / worker_name;
}

Outcome<std::vector<reader::ListedReader>> find_readers() {
    auto readers = reader::list_readers(worker_program(), list_patience);
    if (!readers) {
        return stop(readers.error());
    }
    return std::move(*readers);
}

Outcome<std::string> choose_reader(std::span<const reader::ListedReader> readers,
                                   const std::optional<std::string>& wanted) {
    if (readers.empty()) {
        return stop(Exit::no_reader, "pcscd has no reader; plug one in");
    }
    if (wanted) {
        const auto found = std::ranges::find(readers, *wanted, &reader::ListedReader::name);
        if (found == readers.end()) {
            return stop(Exit::unknown_reader,
                        "there is no reader of this name; there is" + names_of(readers));
        }
        return found->name;
    }
    if (readers.size() > 1) {
        return stop(Exit::several_readers,
                    "there are several readers; name one with --reader" + names_of(readers));
    }
    return readers.front().name;
}

struct CardReader::State {
    asio::io_context context;
    reader::ReaderHost host;

    explicit State(std::string name)
        : host(context,
               {worker_program(), reader::PcscAddress{{reader::ReaderName{std::move(name)}, {}}}}) {
    }

    template <class T>
    T finish(asio::awaitable<T> work) {
        std::optional<T> result;
        asio::co_spawn(context, keep(std::move(work), &result), rethrow);
        while (!result) {
            context.run_one();
        }
        return std::move(*result);
    }

    reader::ReaderEvent next_event(const std::function<void()>& none_yet, bool& told) {
        std::optional<reader::ReaderEvent> event;
        asio::co_spawn(context, keep(host.next_event(), &event), rethrow);
        const auto until = std::chrono::steady_clock::now() + quiet;
        while (!event && !told && std::chrono::steady_clock::now() < until) {
            context.run_one_until(until);
        }
        if (!event && !told) {
            told = true;
            none_yet();
        }
        while (!event) {
            context.run_one();
        }
        return std::move(*event);
    }

    asio::awaitable<bool> let_go() {
        co_await host.disconnect(reader::Disposition::reset);
        co_return true;
    }
};

CardReader::CardReader(std::string name) : state_(std::make_unique<State>(std::move(name))) {}

CardReader::~CardReader() {
    state_->finish(state_->let_go());
}

Result<void> CardReader::await_card(const std::function<void()>& none_yet) {
    bool told = false;
    while (true) {
        const reader::ReaderEvent event = state_->next_event(none_yet, told);
        if (const auto* down = std::get_if<reader::ReaderDown>(&event)) {
            return fail(down->why, down->detail);
        }
        if (const auto* lost = std::get_if<reader::WorkerLost>(&event)) {
            return fail(Fault::restart_worker, lost->detail);
        }
        if (std::holds_alternative<reader::CardPresent>(event)) {
            const Result<reader::FrameSize> connected = state_->finish(state_->host.connect());
            if (connected) {
                return {};
            }
            if (connected.error().fault != Fault::present_same_card_again) {
                return tl::make_unexpected(connected.error());
            }
        }
    }
}

Result<ResponseApdu> CardReader::transmit(CommandApdu apdu) {
    return state_->finish(state_->host.transmit(std::move(apdu)));
}

}  // namespace card::cardtool
