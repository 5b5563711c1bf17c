#include "tests/virtual/desfire/card.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace virtual_card {
namespace {

constexpr std::uint8_t wrapped_class = 0x90;
constexpr std::uint8_t wrapped_status = 0x91;
constexpr std::size_t header_bytes = 4;         // CLA INS P1 P2
constexpr std::size_t short_apdu_bytes = 5;     // and Le
constexpr std::size_t data_overhead_bytes = 6;  // header, Lc, Le

constexpr std::array<std::uint8_t, 2> wrong_length{0x67, 0x00};
constexpr std::array<std::uint8_t, 2> wrong_parameters{0x6A, 0x86};
constexpr std::array<std::uint8_t, 2> wrong_class{0x6E, 0x00};

constexpr std::array<std::uint8_t, 5> reader_get_uid{0xFF, 0xCA, 0x00, 0x00, 0x00};
// LEDs and buzzer of an ACR122U, before P2; then 04 and four octets.
constexpr std::array<std::uint8_t, 3> reader_signal{0xFF, 0x00, 0x40};
constexpr std::size_t reader_signal_bytes = 9;
constexpr std::array<std::uint8_t, 2> reader_success{0x90, 0x00};

struct Name {
    Ins ins;
    std::string_view text;
};

constexpr std::array names{
    Name{Ins::authenticate_legacy, "Authenticate"},
    Name{Ins::authenticate_iso, "AuthenticateISO"},
    Name{Ins::write_data, "WriteData"},
    Name{Ins::read_signature, "Read_Sig"},
    Name{Ins::get_key_settings, "GetKeySettings"},
    Name{Ins::get_card_uid, "GetCardUID"},
    Name{Ins::change_key_settings, "ChangeKeySettings"},
    Name{Ins::select_application, "SelectApplication"},
    Name{Ins::get_version, "GetVersion"},
    Name{Ins::get_key_version, "GetKeyVersion"},
    Name{Ins::get_application_ids, "GetApplicationIDs"},
    Name{Ins::get_free_memory, "GetFreeMem"},
    Name{Ins::get_file_ids, "GetFileIDs"},
    Name{Ins::authenticate_ev2_first, "AuthenticateEV2First"},
    Name{Ins::authenticate_ev2_non_first, "AuthenticateEV2NonFirst"},
    Name{Ins::abort_transaction, "AbortTransaction"},
    Name{Ins::authenticate_aes, "AuthenticateAES"},
    Name{Ins::additional_frame, "AF"},
    Name{Ins::read_data, "ReadData"},
    Name{Ins::change_key, "ChangeKey"},
    Name{Ins::commit_transaction, "CommitTransaction"},
    Name{Ins::create_application, "CreateApplication"},
    Name{Ins::create_backup_file, "CreateBackupDataFile"},
    Name{Ins::create_standard_file, "CreateStdDataFile"},
    Name{Ins::delete_application, "DeleteApplication"},
    Name{Ins::delete_file, "DeleteFile"},
    Name{Ins::get_file_settings, "GetFileSettings"},
    Name{Ins::format_picc, "FormatPICC"},
};

std::string_view name_of(std::uint8_t ins) {
    const auto* const found = std::find_if(names.begin(), names.end(), [&](const Name& name) {
        return static_cast<std::uint8_t>(name.ins) == ins;
    });
    return found == names.end() ? "?" : found->text;
}

Bytes wrapped(const Frame& frame) {
    Bytes answer = frame.data;
    answer.push_back(wrapped_status);
    answer.push_back(frame.status);
    return answer;
}

Bytes bytes_of(ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

/// What is wrong with an APDU's form, or nothing.
std::optional<Bytes> malformed(ByteView apdu) {
    if (apdu.size() < short_apdu_bytes) {
        return bytes_of(wrong_length);
    }
    if (apdu[0] != wrapped_class) {
        return bytes_of(wrong_class);
    }
    if (apdu[2] != 0 || apdu[3] != 0) {
        return bytes_of(wrong_parameters);
    }
    const std::size_t announced = apdu[header_bytes];
    const bool fits = apdu.size() == short_apdu_bytes
                          ? announced == 0
                          : announced > 0 && apdu.size() == announced + data_overhead_bytes;
    if (!fits || apdu.back() != 0) {
        return bytes_of(wrong_length);
    }
    return std::nullopt;
}

/// The answer with this many data bytes more or fewer.
Bytes resized(Bytes answer, std::int32_t difference) {
    const std::size_t data = answer.size() - 2;
    const auto end = answer.begin() + static_cast<std::ptrdiff_t>(data);
    if (difference > 0) {
        answer.insert(end, static_cast<std::size_t>(difference), 0x00);
    } else {
        const std::size_t fewer = std::min(data, static_cast<std::size_t>(-difference));
        answer.erase(end - static_cast<std::ptrdiff_t>(fewer), end);
    }
    return answer;
}

}  // namespace

Card::Card(CardMemory& memory, CardQuirks quirks, Randomness randomness)
    : memory_(memory),
      quirks_(quirks),
      randomness_(std::move(randomness)),
      chip_(memory_, in_force_, randomness_) {}

Bytes Card::activate() {
    chip_.power_up();
    withheld_.reset();
    active_ = true;
    return atr_of(memory_.profile);
}

void Card::deactivate() {
    chip_.power_up();
    withheld_.reset();
    active_ = false;
}

void Card::tear(Tear tear) {
    if (tear.at == 0) {
        tear_.reset();
    } else {
        tear_ = tear;
    }
}

std::optional<Bytes> Card::release() {
    return std::exchange(withheld_, std::nullopt);
}

std::optional<Bytes> Card::transceive(ByteView apdu) {
    if (!active_ || hanging()) {
        return std::nullopt;
    }
    if (std::optional<Bytes> answer = answer_of_reader(apdu)) {
        return answer;
    }
    ++apdus_;
    in_force_ = quirks_.in_force(apdus_);
    if (tear_ && --tear_->at == 0) {
        leave(apdu, tear_->when);
        return std::nullopt;
    }
    Bytes answer = exchange(apdu);
    if (in_force_.hangs_at == apdus_) {
        record(apdu, nullptr);
        withheld_ = std::move(answer);
        return std::nullopt;
    }
    record(apdu, &answer);
    return answer;
}

std::optional<Bytes> Card::answer_of_reader(ByteView apdu) {
    if (std::equal(apdu.begin(), apdu.end(), reader_get_uid.begin(), reader_get_uid.end())) {
        Bytes answer = memory_.uid;
        append(answer, reader_success);
        return answer;
    }
    if (apdu.size() == reader_signal_bytes &&
        std::equal(reader_signal.begin(), reader_signal.end(), apdu.begin())) {
        signals_.push_back(bytes_of(apdu));
        return bytes_of(reader_success);
    }
    return std::nullopt;
}

void Card::leave(ByteView apdu, Tear::When when) {
    switch (when) {
        case Tear::When::before:
            break;
        case Tear::When::after:
            exchange(apdu);
            break;
        case Tear::When::rolled_back:
            memory_.rollback_pending = true;
            break;
        case Tear::When::during:
            exchange_half(apdu);
            break;
    }
    record(apdu, nullptr);
    tear_.reset();
    deactivate();
}

void Card::exchange_half(ByteView apdu) {
    const CardMemory before = memory_;
    exchange(apdu);
    const CardMemory after = memory_;
    if (chance()) {
        memory_ = before;
    }
    mix_standard_files(before, after);
    if (const std::optional<Chip::FileRange> range = chip_.unfinished_write()) {
        spoil(*range);
    }
}

void Card::mix_standard_files(const CardMemory& before, const CardMemory& after) {
    for (Application& application : memory_.applications) {
        for (File& file : application.files) {
            const File* const old = find_file(before, application.aid, file.number);
            const File* const fresh = find_file(after, application.aid, file.number);
            if (file.type != FileType::standard || old == nullptr || fresh == nullptr ||
                old->data.size() != fresh->data.size()) {
                continue;
            }
            const Bytes fate = random_bytes(file.data.size());
            for (std::size_t i = 0; i < fate.size(); ++i) {
                if (old->data[i] != fresh->data[i]) {
                    const std::array outcomes{old->data[i], fresh->data[i], fate[i]};
                    file.data[i] = outcomes.at(fate[i] % outcomes.size());
                }
            }
        }
    }
}

void Card::spoil(const Chip::FileRange& range) {
    File* const file = find_file(memory_, range.aid, range.file);
    const Bytes fate = random_bytes(range.length);
    for (std::size_t i = 0; i < fate.size(); ++i) {
        if (fate[i] % 2 == 0) {
            file->data.at(range.offset + i) = fate[i];
        }
    }
}

bool Card::chance() {
    return random_bytes(1).front() % 2 == 0;
}

Bytes Card::exchange(ByteView apdu) {
    Bytes answer = misbehave_or_execute(apdu);
    if (in_force_.wrong_length_answer) {
        answer = resized(std::move(answer), *in_force_.wrong_length_answer);
    }
    return answer;
}

Bytes Card::misbehave_or_execute(ByteView apdu) {
    if (in_force_.injected_status && in_force_.injected_status->at == apdus_) {
        return wrapped(chip_.refuse(static_cast<Status>(in_force_.injected_status->status)));
    }
    if (in_force_.replays_last_answer && apdus_ >= *in_force_.replays_last_answer &&
        !last_answer_.empty()) {
        return last_answer_;
    }
    if (in_force_.answers_random_bytes) {
        const std::size_t longest = memory_.profile.max_answer_data + 2;
        return random_bytes(random_bytes(1)[0] % (longest + 1));
    }
    if (in_force_.endless_chaining) {
        return wrapped({static_cast<std::uint8_t>(Status::additional_frame),
                        random_bytes(memory_.profile.max_answer_data)});
    }
    last_answer_ = execute(apdu);
    return last_answer_;
}

Bytes Card::execute(ByteView apdu) {
    if (memory_.rollback_pending) {
        memory_.rollback_pending = false;
        return wrapped(chip_.refuse(Status::eeprom_error));
    }
    if (std::optional<Bytes> complaint = malformed(apdu)) {
        chip_.refuse(Status::illegal_command);
        return *std::move(complaint);
    }
    const ByteView data = apdu.size() == short_apdu_bytes
                              ? ByteView{}
                              : apdu.subspan(short_apdu_bytes, apdu[header_bytes]);
    if (data.size() > memory_.profile.max_command_data) {
        return wrapped(chip_.refuse(Status::length_error));
    }
    return wrapped(chip_.frame(apdu[1], data));
}

Bytes Card::random_bytes(std::size_t count) {
    Bytes bytes(count);
    randomness_(bytes);
    return bytes;
}

void Card::record(ByteView apdu, const Bytes* answer) {
    LogEntry entry;
    entry.ins = apdu.size() > 1 ? apdu[1] : std::uint8_t{0};
    entry.name = name_of(entry.ins);
    if (answer != nullptr && !answer->empty()) {
        entry.status = answer->back();
    }
    if (log_.size() == log_limit) {
        log_.erase(log_.begin());
    }
    log_.push_back(entry);
}

}  // namespace virtual_card
