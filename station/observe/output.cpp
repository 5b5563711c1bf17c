#include "station/observe/output.hpp"

#include <algorithm>
#include <cstdlib>

// The journal needs no line numbers of ours.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

namespace card::observe {
namespace {

constexpr const char* journal_socket = "/run/systemd/journal/socket";

std::string journal_name(FieldName field) {
    std::string text(name(field));
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return text;
}

/// Whether the text is this file's DEVICE:INODE.
bool names_file(std::string_view text, int descriptor) {
    struct stat status {};
    return ::fstat(descriptor, &status) == 0 &&
           text == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

/// sd_journal_sendv reports success where there is no journal, hence the look at its socket.
bool send_to_journal(const EventRecord& record) {
    if (::access(journal_socket, W_OK) != 0) {
        return false;
    }
    std::vector<std::string> fields = to_journal_fields(record);
    std::vector<iovec> parts;
    parts.reserve(fields.size());
    for (std::string& field : fields) {
        parts.push_back({field.data(), field.size()});
    }
    return sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

}  // namespace

std::vector<std::string> to_journal_fields(const EventRecord& record) {
    std::vector<std::string> fields{
        "MESSAGE=" + to_sentence(record),
        "MESSAGE_ID=" + std::string(record.event.message_id),
        "PRIORITY=" + std::to_string(static_cast<int>(record.event.level)),
        "SYSLOG_IDENTIFIER=stationd",
        "EVENT=" + std::string(record.event.name),
        "EVENT_CLASS=" + std::string(name(record.event.event_class)),
        "STATION=" + std::string(record.station)};
    for (const Field& field : record.fields) {
        if (!field.empty()) {
            fields.push_back(journal_name(field.name()) + "=" + field.text());
        }
    }
    return fields;
}

Output::Output() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment
    const char* stream = std::getenv("JOURNAL_STREAM");
    journal_ = stream != nullptr;
    standard_output_is_journal_ = journal_ && names_file(stream, STDOUT_FILENO);
}

void Output::operator()(const EventRecord& record) const {
    const bool taken = journal_ && send_to_journal(record);
    if (taken && standard_output_is_journal_) {
        return;
    }
    // One write, so that lines of several processes on one pipe do not mix. A log that cannot be
    // written stops nothing: the ledger is the memory.
    const std::string line = to_json_line(record) + "\n";
    [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, line.data(), line.size());
}

}  // namespace card::observe
