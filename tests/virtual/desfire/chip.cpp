#include "tests/virtual/desfire/chip.hpp"

#include <algorithm>
#include <utility>

#include "tests/virtual/desfire/refused.hpp"

namespace virtual_card {
namespace {

constexpr std::uint16_t last_counter = 0xFFFF;
constexpr unsigned read_and_write_right = 1;

}  // namespace

Chip::Chip(CardMemory& memory, const CardQuirks& quirks, Randomness randomness)
    : memory_(memory), quirks_(quirks), randomness_(std::move(randomness)) {}

void Chip::power_up() {
    selected_.reset();
    end_session();
    uncommitted_.clear();
    pending_ = std::monostate{};
}

const Chip::Command* Chip::find(std::uint8_t ins) {
    static constexpr std::array commands{
        Command{Ins::authenticate_legacy, &Chip::authenticate_legacy},
        Command{Ins::authenticate_iso, &Chip::authenticate_iso},
        Command{Ins::write_data, &Chip::write_data},
        Command{Ins::read_signature, &Chip::read_signature},
        Command{Ins::get_key_settings, &Chip::get_key_settings},
        Command{Ins::get_card_uid, &Chip::get_card_uid},
        Command{Ins::change_key_settings, &Chip::change_key_settings},
        Command{Ins::select_application, &Chip::select_application},
        Command{Ins::get_version, &Chip::get_version},
        Command{Ins::get_key_version, &Chip::get_key_version},
        Command{Ins::get_application_ids, &Chip::get_application_ids},
        Command{Ins::get_free_memory, &Chip::get_free_memory},
        Command{Ins::get_file_ids, &Chip::get_file_ids},
        Command{Ins::authenticate_ev2_first, &Chip::authenticate_ev2_first},
        Command{Ins::authenticate_ev2_non_first, &Chip::authenticate_ev2_non_first},
        Command{Ins::abort_transaction, &Chip::abort_transaction},
        Command{Ins::authenticate_aes, &Chip::authenticate_aes},
        Command{Ins::read_data, &Chip::read_data},
        Command{Ins::change_key, &Chip::change_key},
        Command{Ins::commit_transaction, &Chip::commit_transaction},
        Command{Ins::create_application, &Chip::create_application},
        Command{Ins::create_backup_file, &Chip::create_backup_file},
        Command{Ins::create_standard_file, &Chip::create_standard_file},
        Command{Ins::delete_application, &Chip::delete_application},
        Command{Ins::delete_file, &Chip::delete_file},
        Command{Ins::get_file_settings, &Chip::get_file_settings},
        Command{Ins::format_picc, &Chip::format_picc},
    };
    const auto* const found = std::find_if(commands.begin(), commands.end(), [&](const auto& c) {
        return static_cast<std::uint8_t>(c.ins) == ins;
    });
    return found == commands.end() ? nullptr : found;
}

Frame Chip::frame(std::uint8_t ins, ByteView data) {
    try {
        const bool continuation = ins == static_cast<std::uint8_t>(Ins::additional_frame);
        if (!std::holds_alternative<std::monostate>(pending_)) {
            require(continuation, Status::command_aborted);
            return proceed(data);
        }
        const Command* const command = find(ins);
        require(command != nullptr, Status::illegal_command);
        ins_ = ins;
        return (this->*command->handler)(data);
    } catch (const Refused& refused) {
        return refuse(refused.status);
    }
}

Frame Chip::refuse(Status status) {
    end_session();
    uncommitted_.clear();
    pending_ = std::monostate{};
    return {static_cast<std::uint8_t>(status), {}};
}

Frame Chip::proceed(ByteView data) {
    Pending pending = std::exchange(pending_, std::monostate{});
    if (const auto* const authentication = std::get_if<PendingAuthentication>(&pending)) {
        return finish(*authentication, data);
    }
    if (auto* const write = std::get_if<PendingWrite>(&pending)) {
        return proceed_writing(std::move(*write), data);
    }
    auto& output = std::get<PendingOutput>(pending);
    require(data.empty(), Status::length_error);
    return send(std::move(output.frames), output.status);
}

void Chip::end_session() {
    session_.reset();
}

bool Chip::in_legacy_session() const {
    return session_ && std::holds_alternative<LegacyChannel>(session_->channel);
}

std::size_t Chip::protected_length(CommMode mode, std::size_t plain_length, bool file_data) const {
    if (!session_) {
        return plain_length;
    }
    if (in_legacy_session()) {
        return mode == CommMode::full
                   ? round_up(plain_length + legacy_crc_bytes, block_length(KeyType::des))
                   : plain_length;
    }
    if (const auto* const ev1 = std::get_if<Ev1Channel>(&session_->channel)) {
        if (mode == CommMode::full) {
            return round_up(plain_length + crc_bytes, block_length(ev1->type));
        }
        return plain_length + (mode == CommMode::mac && file_data ? mac_bytes : 0);
    }
    if (mode == CommMode::full) {
        return round_up(plain_length + 1, block_length(KeyType::aes)) + mac_bytes;
    }
    return plain_length + (mode == CommMode::mac ? mac_bytes : 0);
}

Bytes Chip::unprotect(ByteView header, ByteView body, CommMode mode, std::size_t plain_length,
                      bool file_data) {
    require(body.size() == protected_length(mode, plain_length, file_data), Status::length_error);
    if (!session_ || (in_legacy_session() && mode != CommMode::full)) {
        return {body.begin(), body.end()};
    }
    if (const auto* const legacy = std::get_if<LegacyChannel>(&session_->channel)) {
        std::optional<Bytes> plain = legacy->decrypt_command(body, plain_length);
        require(plain.has_value(), Status::integrity_error);
        return std::move(*plain);
    }
    if (auto* const ev1 = std::get_if<Ev1Channel>(&session_->channel)) {
        return unprotect_ev1(*ev1, header, body, mode, plain_length, file_data);
    }
    Bytes plain = unprotect_ev2(std::get<Ev2Channel>(session_->channel), header, body, mode);
    require(plain.size() == plain_length, Status::integrity_error);
    return plain;
}

Bytes Chip::unprotect_ev1(Ev1Channel& channel, ByteView header, ByteView body, CommMode mode,
                          std::size_t plain_length, bool file_data) {
    Bytes message{ins_};
    append(message, header);
    if (mode != CommMode::full) {
        append(message, body.subspan(0, plain_length));
        const Bytes mac = channel.mac(message);
        if (mode == CommMode::mac && file_data) {
            require(equal_in_constant_time(mac, body.subspan(plain_length)),
                    Status::integrity_error);
        }
        return {body.begin(), body.begin() + static_cast<std::ptrdiff_t>(plain_length)};
    }
    Bytes plain = channel.decrypt(body);
    const ByteView check = ByteView(plain).subspan(plain_length);
    append(message, ByteView(plain).subspan(0, plain_length));
    const ByteView padding = check.subspan(crc_bytes);
    require(from_little_endian(check.subspan(0, crc_bytes)) == crc32(message) &&
                std::all_of(padding.begin(), padding.end(), [](auto b) { return b == 0; }),
            Status::integrity_error);
    plain.resize(plain_length);
    return plain;
}

Bytes Chip::unprotect_ev2(const Ev2Channel& channel, ByteView header, ByteView body,
                          CommMode mode) {
    require(channel.counter != last_counter, Status::authentication_error);
    if (mode == CommMode::plain) {
        return {body.begin(), body.end()};
    }
    const ByteView content = body.subspan(0, body.size() - mac_bytes);
    Bytes message(header.begin(), header.end());
    append(message, content);
    require(equal_in_constant_time(channel.mac(ins_, message), body.last(mac_bytes)),
            Status::integrity_error);
    if (mode == CommMode::mac) {
        return {content.begin(), content.end()};
    }
    std::optional<Bytes> plain = channel.decrypt_command(content);
    require(plain.has_value(), Status::integrity_error);
    return std::move(*plain);
}

Bytes Chip::receive(ByteView data, std::size_t length) {
    return unprotect({}, data, CommMode::mac, length, false);
}

void Chip::spoil_mac(Bytes& mac) const {
    if (quirks_.omits_response_mac) {
        mac.clear();
    } else if (quirks_.shortens_response_mac) {
        mac.resize(mac.size() / 2);
    } else if (quirks_.corrupts_response_mac) {
        mac.back() ^= 0x01U;
    }
}

Bytes Chip::protect(std::uint8_t status, ByteView data, CommMode mode, bool marked) {
    Bytes out(data.begin(), data.end());
    if (in_legacy_session()) {
        require(mode != CommMode::full || data.empty(), Status::illegal_command);
        return out;
    }
    if (!session_) {
        return out;
    }
    if (auto* const ev1 = std::get_if<Ev1Channel>(&session_->channel)) {
        if (mode == CommMode::full && !data.empty()) {
            Bytes cryptogram = ev1->encrypt_answer(status, data, marked);
            if (quirks_.corrupts_response_mac) {
                cryptogram.back() ^= 0x01U;
            }
            return cryptogram;
        }
        Bytes message = out;
        message.push_back(status);
        Bytes mac = ev1->mac(message);
        spoil_mac(mac);
        append(out, mac);
        return out;
    }
    auto& ev2 = std::get<Ev2Channel>(session_->channel);
    ++ev2.counter;
    if (mode == CommMode::plain) {
        return out;
    }
    if (mode == CommMode::full && !data.empty()) {
        out = ev2.encrypt_answer(data);
    }
    Bytes mac = ev2.mac(status, out);
    spoil_mac(mac);
    append(out, mac);
    return out;
}

std::deque<Bytes> Chip::cut(ByteView data) const {
    std::deque<Bytes> frames;
    do {
        const std::size_t length = std::min(data.size(), memory_.profile.max_answer_data);
        const ByteView part = data.subspan(0, length);
        frames.emplace_back(part.begin(), part.end());
        data = data.subspan(length);
    } while (!data.empty());
    return frames;
}

Frame Chip::answer(ByteView data, CommMode mode, Status status, bool marked) {
    const auto code = static_cast<std::uint8_t>(status);
    return send(cut(protect(code, data, mode, marked)), code);
}

Frame Chip::send(std::deque<Bytes> frames, std::uint8_t status) {
    Bytes first = std::move(frames.front());
    frames.pop_front();
    if (frames.empty()) {
        return {status, std::move(first)};
    }
    pending_ = PendingOutput{std::move(frames), status};
    return {static_cast<std::uint8_t>(Status::additional_frame), std::move(first)};
}

bool Chip::authenticated_with(std::uint8_t key_number) const {
    return session_ && session_->key_number == key_number;
}

Application& Chip::application() {
    const auto found =
        std::find_if(memory_.applications.begin(), memory_.applications.end(),
                     [&](const Application& a) { return selected_ && a.aid == *selected_; });
    // At PICC level there is no application to work in.
    require(found != memory_.applications.end(), Status::permission_denied);
    return *found;
}

std::uint8_t Chip::settings() {
    return at_picc_level() ? memory_.picc_settings : application().settings;
}

KeyType Chip::level_key_type() {
    return at_picc_level() ? memory_.picc_key_type : application().key_type;
}

std::size_t Chip::key_count() {
    return at_picc_level() ? 1 : application().keys.size();
}

Key& Chip::key(std::uint8_t number) {
    require(number < key_count(), Status::no_such_key);
    return at_picc_level() ? memory_.picc_key : application().keys[number];
}

void Chip::require_picc_level() const {
    require(at_picc_level(), Status::permission_denied);
}

void Chip::require_master_key() const {
    require(authenticated_with(0), Status::authentication_error);
}

void Chip::require_listing() {
    if ((settings() & settings_free_listing) == 0) {
        require_master_key();
    }
}

void Chip::require_creating() {
    if ((settings() & settings_free_creating) == 0) {
        require_master_key();
    }
}

File& Chip::file(std::uint8_t number) {
    std::vector<File>& files = application().files;
    const auto found =
        std::find_if(files.begin(), files.end(), [&](const File& f) { return f.number == number; });
    require(found != files.end(), Status::file_not_found);
    return *found;
}

CommMode Chip::access(const File& file, unsigned right) const {
    const auto key_for = [&](unsigned nibble) {
        return (unsigned{file.access_rights} >> (4U * nibble)) & 0xFU;
    };
    const std::array keys{key_for(right), key_for(read_and_write_right)};
    if (session_ && std::count(keys.begin(), keys.end(), session_->key_number) != 0) {
        require(!in_legacy_session() || file.comm == CommMode::plain, Status::illegal_command);
        return file.comm;
    }
    if (std::count(keys.begin(), keys.end(), free_access) != 0) {
        return CommMode::plain;
    }
    require(std::count(keys.begin(), keys.end(), no_access) != 2, Status::permission_denied);
    throw Refused{Status::authentication_error};
}

void Chip::spend(std::uint32_t bytes) {
    require(bytes <= free_bytes(memory_), Status::out_of_memory);
    memory_.used_bytes += bytes;
}

}  // namespace virtual_card
