#include "station/cardtool/journal.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace card {

/// The record files are the journal that may say "this is durable".
struct WriteAheadIssuer {
    static WriteAhead issue(CardUid uid, std::int64_t record) { return {uid, record}; }
};

namespace cardtool {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Failure> failed(const std::string& path, std::string_view doing) {
    const int error = errno;
    return fail(Fault::correct_input,
                path + ": " + std::string(doing) + ": " + std::generic_category().message(error));
}

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) {
            close(number_);
        }
    }
    [[nodiscard]] bool is_open() const { return number_ >= 0; }
    [[nodiscard]] int number() const { return number_; }

  private:
    int number_;
};

bool write_whole(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = write(descriptor, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    return true;
}

Result<void> sync_folder_of(const std::string& path) {
    const fs::path parent = fs::path(path).parent_path();
    const std::string folder = parent.empty() ? "." : parent.string();
    const Descriptor open_folder(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!open_folder.is_open() || fsync(open_folder.number()) != 0) {
        return failed(folder, "sync");
    }
    return {};
}

enum class Existing { refuse, replace };

/// Afterwards the file has the whole text, whatever fails next.
Result<void> write_durably(const std::string& path, std::string_view text, Existing existing) {
    const std::string fresh = path + ".new";
    {
        const Descriptor file(
            open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!file.is_open() || !write_whole(file.number(), text) || fsync(file.number()) != 0) {
            return failed(fresh, "write");
        }
    }
    const unsigned flags = existing == Existing::refuse ? RENAME_NOREPLACE : 0;
    if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, path.c_str(), flags) != 0) {
        const auto why = failed(path, "write the record");
        unlink(fresh.c_str());
        return why;
    }
    return sync_folder_of(path);
}

Result<WriteAhead> issue(const std::string& path, const Record& record, Existing existing) {
    return write_durably(path, encode_record(record), existing).map([&] {
        return WriteAheadIssuer::issue(record.uid, record.sequence);
    });
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t max) {
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.is_open()) {
        return failed(path, "open");
    }
    std::string text(max + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t got = read(file.number(), text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return failed(path, "read");
        }
        if (got == 0) {
            text.resize(size);
            return text;
        }
        size += static_cast<std::size_t>(got);
    }
    return fail(Fault::correct_input, path + ": longer than " + std::to_string(max) + " octets");
}

Result<Record> read_record(const std::string& path) {
    const auto text = read_file(path, max_record_size);
    if (!text) {
        return tl::make_unexpected(text.error());
    }
    auto record = parse_record(*text);
    if (!record) {
        return fail(path + " is no record of cardtool", record.error());
    }
    return record;
}

Result<std::optional<Record>> find_record(const std::string& path) {
    if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
        return std::nullopt;
    }
    return read_record(path).map([](Record record) { return std::optional(std::move(record)); });
}

Result<WriteAhead> record_first(const std::string& path, const Record& record) {
    return issue(path, record, Existing::refuse);
}

Result<WriteAhead> record_next(const std::string& path, const Record& record) {
    const auto before = read_record(path);
    if (!before) {
        return tl::make_unexpected(before.error());
    }
    if (before->uid != record.uid) {
        return fail(Fault::report_defect, path + ": the record is another card's");
    }
    return issue(path, record, Existing::replace);
}

}  // namespace cardtool
}  // namespace card
