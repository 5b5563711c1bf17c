#include "station/vault/pin.hpp"

#include <array>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace card {
namespace {

tl::unexpected<Failure> unusable(const std::string& where, const std::string& why) {
    return fail(Fault::correct_configuration, "the token's PIN in " + where + ": " + why);
}

Result<Pin> checked(std::string_view text, const std::string& where) {
    auto pin = Pin::from(text);
    if (!pin) {
        return unusable(where, text.empty() ? "there is none" : "is longer than 255 octets");
    }
    return std::move(*pin);
}

class File {
  public:
    explicit File(const std::string& path)
        : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    [[nodiscard]] int number() const { return number_; }

  private:
    int number_;
};

Result<Pin> read_file(const std::string& path) {
    const std::string where = "file " + path;
    const File file(path);
    struct stat status {};
    if (file.number() < 0 || ::fstat(file.number(), &status) != 0) {
        return unusable(where, std::generic_category().message(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        return unusable(where, "is no file");
    }
    if ((status.st_mode & S_IRWXO) != 0) {
        return unusable(where, "is open to everybody; take that right away: chmod o= FILE");
    }
    std::array<char, Pin::max_size + 2> text{};
    const ssize_t size = ::read(file.number(), text.data(), text.size());
    if (size < 0) {
        return unusable(where, std::generic_category().message(errno));
    }
    std::string_view pin(text.data(), static_cast<std::size_t>(size));
    if (pin.ends_with('\n')) {
        pin.remove_suffix(1);
    }
    auto result = checked(pin, where);
    wipe_octets(text);
    return result;
}

}  // namespace

std::optional<Pin> Pin::from(std::string_view text) {
    if (text.empty() || text.size() > max_size) {
        return std::nullopt;
    }
    Pin pin;
    std::copy(text.begin(), text.end(), pin.octets_.fill().begin());
    pin.size_ = text.size();
    return pin;
}

Result<Pin> read_pin(const PinSource& source) {
    if (const auto* file = std::get_if<PinFile>(&source)) {
        return read_file(file->path);
    }
    const std::string& variable = std::get<PinVariable>(source).name;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment
    const char* value = std::getenv(variable.c_str());
    return checked(value == nullptr ? "" : value, "environment variable " + variable);
}

}  // namespace card
