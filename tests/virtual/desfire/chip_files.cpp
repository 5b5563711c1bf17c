#include <algorithm>
#include <utility>

#include "tests/virtual/desfire/chip.hpp"
#include "tests/virtual/desfire/refused.hpp"

namespace virtual_card {
namespace {

constexpr std::size_t create_bytes = 7;
constexpr std::size_t access_header_bytes = 7;
constexpr unsigned read_right = 3;  // nibbles of the access rights, counted from the lowest
constexpr unsigned write_right = 2;
constexpr unsigned access_nibbles = 4;

struct Range {
    std::size_t offset;
    std::size_t length;
};

/// Offset and length as ReadData and WriteData carry them behind the file number.
Range range_of(ByteView header) {
    return {from_little_endian(header.subspan(1, 3)), from_little_endian(header.subspan(4, 3))};
}

CommMode comm_mode_of(std::uint8_t byte) {
    for (const CommMode mode : {CommMode::plain, CommMode::mac, CommMode::full}) {
        if (byte == static_cast<std::uint8_t>(mode)) {
            return mode;
        }
    }
    throw Refused{Status::parameter_error};
}

bool names_existing_keys(std::uint16_t access_rights, std::size_t keys) {
    for (unsigned nibble = 0; nibble < access_nibbles; ++nibble) {
        const unsigned right = (unsigned{access_rights} >> (4U * nibble)) & 0xFU;
        if (right < free_access && right >= keys) {
            return false;
        }
    }
    return true;
}

}  // namespace

Frame Chip::create_standard_file(ByteView data) {
    return create_file(data, FileType::standard);
}

Frame Chip::create_backup_file(ByteView data) {
    return create_file(data, FileType::backup);
}

Frame Chip::create_file(ByteView data, FileType type) {
    const Bytes parameters = receive(data, create_bytes);
    Application& selected = application();
    require_creating();
    File fresh;
    fresh.number = parameters[0];
    fresh.type = type;
    fresh.comm = comm_mode_of(parameters[1]);
    fresh.access_rights =
        static_cast<std::uint16_t>(from_little_endian(ByteView(parameters).subspan(2, 2)));
    const std::size_t size = from_little_endian(ByteView(parameters).subspan(4, 3));
    require(fresh.number < max_files && size > 0 &&
                names_existing_keys(fresh.access_rights, selected.keys.size()),
            Status::parameter_error);
    require(std::none_of(selected.files.begin(), selected.files.end(),
                         [&](const File& other) { return other.number == fresh.number; }),
            Status::duplicate);
    spend(file_cost(type, size));
    fresh.data.assign(size, 0);
    selected.files.push_back(std::move(fresh));
    return answer({});
}

Frame Chip::delete_file(ByteView data) {
    const Bytes parameters = receive(data, 1);
    require_creating();
    std::vector<File>& files = application().files;
    files.erase(files.begin() + (&file(parameters[0]) - files.data()));
    uncommitted_.erase(parameters[0]);
    return answer({});
}

Frame Chip::get_file_ids(ByteView data) {
    receive(data, 0);
    const Application& selected = application();
    require_listing();
    Bytes list;
    for (const File& present : selected.files) {
        list.push_back(present.number);
    }
    return answer(list);
}

Frame Chip::get_file_settings(ByteView data) {
    const Bytes parameters = receive(data, 1);
    const File& present = file(parameters[0]);
    require_listing();
    Bytes description{static_cast<std::uint8_t>(present.type),
                      static_cast<std::uint8_t>(present.comm)};
    append(description, to_little_endian(present.access_rights, 2));
    append(description, to_little_endian(static_cast<std::uint32_t>(present.data.size()), 3));
    return answer(description);
}

Frame Chip::read_data(ByteView data) {
    require(data.size() >= access_header_bytes, Status::length_error);
    const File& present = file(data[0]);
    const CommMode mode = access(present, read_right);
    const CommMode command_mode = mode == CommMode::plain ? CommMode::plain : CommMode::mac;
    unprotect({}, data, command_mode, access_header_bytes, false);
    Range range = range_of(data);
    require(range.offset < present.data.size(), Status::boundary_error);
    const bool to_the_end = range.length == 0;
    if (to_the_end) {
        range.length = present.data.size() - range.offset;
    }
    require(range.length <= present.data.size() - range.offset, Status::boundary_error);
    return answer(ByteView(present.data).subspan(range.offset, range.length), mode, Status::ok,
                  to_the_end);
}

Frame Chip::write_data(ByteView data) {
    require(data.size() >= access_header_bytes, Status::length_error);
    const ByteView header = data.first(access_header_bytes);
    const File& present = file(header[0]);
    PendingWrite pending;
    pending.file = header[0];
    pending.mode = access(present, write_right);
    const Range range = range_of(header);
    require(range.length > 0, Status::parameter_error);
    require(
        range.offset < present.data.size() && range.length <= present.data.size() - range.offset,
        Status::boundary_error);
    pending.header.assign(header.begin(), header.end());
    pending.plain_length = range.length;
    return proceed_writing(std::move(pending), data.subspan(access_header_bytes));
}

Frame Chip::proceed_writing(PendingWrite pending, ByteView more) {
    const std::size_t expected = protected_length(pending.mode, pending.plain_length, true);
    require(!more.empty() && pending.body.size() + more.size() <= expected, Status::length_error);
    append(pending.body, more);
    if (pending.body.size() < expected) {
        pending_ = std::move(pending);
        return {static_cast<std::uint8_t>(Status::additional_frame), {}};
    }
    const Bytes plain =
        unprotect(pending.header, pending.body, pending.mode, pending.plain_length, true);
    File& present = file(pending.file);
    Bytes* target = &present.data;
    if (present.type == FileType::backup) {
        target = &uncommitted_.try_emplace(present.number, present.data).first->second;
    }
    const std::size_t offset = range_of(pending.header).offset;
    std::copy(plain.begin(), plain.end(), target->begin() + static_cast<std::ptrdiff_t>(offset));
    return answer({}, pending.mode);
}

std::optional<Chip::FileRange> Chip::unfinished_write() {
    const auto* const write = std::get_if<PendingWrite>(&pending_);
    if (write == nullptr || file(write->file).type != FileType::standard) {
        return std::nullopt;
    }
    return FileRange{application().aid, write->file, range_of(write->header).offset,
                     write->plain_length};
}

Frame Chip::commit_transaction(ByteView data) {
    receive(data, 0);
    require(!uncommitted_.empty(), Status::no_changes);
    for (auto& [number, bytes] : uncommitted_) {
        file(number).data = std::move(bytes);
    }
    uncommitted_.clear();
    return answer({});
}

Frame Chip::abort_transaction(ByteView data) {
    receive(data, 0);
    require(!uncommitted_.empty(), Status::no_changes);
    uncommitted_.clear();
    return answer({});
}

}  // namespace virtual_card
