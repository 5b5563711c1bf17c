#include "tests/reader/board.hpp"

#include <array>

#include <boost/test/unit_test.hpp>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/virtual/desfire/memory.hpp"

namespace {

namespace fs = std::filesystem;

fs::path new_folder() {
    std::string pattern = (fs::temp_directory_path() / "board.XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    return pattern;
}

fs::path new_card(const fs::path& file, std::size_t number) {
    virtual_card::save_memory(virtual_card::factory_card(virtual_card::genuine_uid(number)), file);
    return file;
}

}  // namespace

Board::Board()
    : folder_(new_folder()),
      reader_(new_card(folder_ / "card.json", 0), port()),
      wakeup_(::eventfd(0, EFD_CLOEXEC)),
      thread_([this] { serve(); }) {}

Board::~Board() {
    tell("quit");
    thread_.join();
    fs::remove_all(folder_);
}

std::string Board::another_card() const {
    return new_card(folder_ / "another.json", 1);
}

std::string Board::tell(const std::string& line) {
    const std::scoped_lock lock(mutex_);
    std::string answer = reader_.obey(line);
    BOOST_REQUIRE_MESSAGE(answer.starts_with("ok"), line + ": " + answer);
    wake();
    return answer;
}

void Board::wake() const {
    const std::uint64_t one = 1;
    BOOST_REQUIRE(::write(wakeup_.get(), &one, sizeof one) == sizeof one);
}

void Board::serve() {
    std::array<pollfd, 2> watched{};
    for (;;) {
        {
            const std::scoped_lock lock(mutex_);
            if (!reader_.running()) {
                return;
            }
            if (reader_.descriptor() >= 0) {
                reader_.serve();
            }
            watched = {pollfd{reader_.descriptor(), POLLIN, 0}, {wakeup_.get(), POLLIN, 0}};
        }
        ::poll(watched.data(), watched.size(), -1);
        if (watched[1].revents != 0) {
            std::uint64_t count = 0;
            (void)!::read(wakeup_.get(), &count, sizeof count);
        }
    }
}
