#include "tests/virtual/pn532/chip.hpp"

#include <array>

namespace virtual_card {
namespace {

enum CommandCode : std::uint8_t {
    diagnose_command = 0x00,
    get_firmware_version = 0x02,
    read_register = 0x06,
    write_register = 0x08,
    set_parameters = 0x12,
    sam_configuration = 0x14,
    power_down = 0x16,
    rf_configuration = 0x32,
    in_data_exchange = 0x40,
    in_communicate_thru = 0x42,
    in_deselect = 0x44,
    in_list_passive_target = 0x4A,
    in_release = 0x52,
};

constexpr std::uint8_t success = 0x00;
constexpr std::uint8_t rf_timeout = 0x01;  // "the target has not answered"
constexpr std::uint8_t wrong_context = 0x27;
constexpr std::uint8_t node_address_bit = 0x80;
constexpr std::uint8_t more_information_bit = 0x40;

const Bytes firmware{0x32, 0x01, 0x06, 0x07};  // PN532 1.6, type A, type B and ISO/IEC 18092
constexpr std::uint8_t automatic_rats = 0x10;
constexpr std::uint8_t endless = 0xFF;
constexpr std::uint8_t target_number = 0x01;
constexpr std::uint8_t type_a_106 = 0x00;
constexpr std::array<std::uint8_t, 3> atqa_sak{0x03, 0x44, 0x20};  // DESFire: 7-octet UID, 14443-4

// RFConfiguration items.
constexpr std::uint8_t rf_field_item = 0x01;
constexpr std::uint8_t max_retries_item = 0x05;

// R-blocks without CID (ISO/IEC 14443-4, 7.1): a NAK asks for a sign of life.
constexpr std::uint8_t r_nak = 0xB2;
constexpr std::uint8_t r_block_number = 0x01;
constexpr std::uint8_t r_ack = 0xA2;

constexpr std::size_t oversized_answer = 262;  // status and 261 octets
constexpr std::size_t garbage_size = 40;
constexpr std::size_t endless_part = 60;

std::uint16_t address_at(ByteView octets, std::size_t at) {
    return static_cast<std::uint16_t>(octets[at] << 8U | octets[at + 1]);
}

/// The answer as the line carries it when something is wrong with it.
Bytes spoiled(ChipFault fault, std::uint8_t command, Bytes data) {
    if (fault == ChipFault::oversized) {
        data.resize(oversized_answer, 0xA5);
    } else if (fault == ChipFault::status_80) {
        data.front() |= node_address_bit;
    } else if (fault == ChipFault::more_information) {
        data.front() |= more_information_bit;
    }
    Bytes frame = answer_frame(command, data);
    switch (fault) {
        case ChipFault::bad_checksum:
            frame[frame.size() - 2] ^= 0x01;
            return frame;
        case ChipFault::bad_length:
            frame[4] ^= 0x01;
            return frame;
        case ChipFault::cut_short:
            frame.resize(frame.size() / 2);
            return frame;
        case ChipFault::garbage:
            return Bytes(garbage_size, 0xA5);
        case ChipFault::wrong_command:
            return answer_frame(static_cast<std::uint8_t>(command + 2), data);
        case ChipFault::mute:
            return {};
        default:
            return frame;
    }
}

}  // namespace

Bytes Pn532::receive(const FromHost& message) {
    if (hung_) {
        return {};
    }
    if (std::holds_alternative<Wakeup>(message)) {
        awake_ = true;
        return {};
    }
    searching_ = false;
    const auto* const command = std::get_if<Command>(&message);
    if (command == nullptr || !awake_) {
        return {};
    }
    Bytes sent = acknowledgement();
    append(sent, answer(*command));
    return sent;
}

Bytes Pn532::card_inserted() {
    if (!searching_ || hung_) {
        return {};
    }
    searching_ = false;
    return answer_frame(in_list_passive_target, found_target());
}

std::optional<ChipFault> Pn532::due(bool activation) {
    if (!armed_ || (armed_->fault == ChipFault::ats_empty) != activation || --armed_->at != 0) {
        return std::nullopt;
    }
    const ChipFault fault = armed_->fault;
    armed_.reset();
    return fault;
}

Bytes Pn532::answer(const Command& command) {
    if (command.code == in_list_passive_target) {
        return list_targets(command);
    }
    if (command.code == in_data_exchange) {
        return exchange(command);
    }
    const std::optional<Bytes> data = answer_data(command);
    return data ? answer_frame(command.code, *data) : error_frame();
}

/// Nothing: the chip does not know the command.
std::optional<Bytes> Pn532::answer_data(const Command& command) {
    switch (command.code) {
        case diagnose_command:
            return diagnose(command.parameters);
        case get_firmware_version:
            return firmware;
        case read_register:
            return read_registers(command.parameters);
        case write_register:
            write_registers(command.parameters);
            return Bytes{};
        case set_parameters:
            sends_rats_ =
                !command.parameters.empty() && (command.parameters.front() & automatic_rats) != 0;
            return Bytes{};
        case sam_configuration:
            return Bytes{};
        case rf_configuration:
            configure_radio(command.parameters);
            return Bytes{};
        case power_down:
            fall_asleep();
            return Bytes{success};
        case in_deselect:
        case in_release:
            field_.power_off();
            return Bytes{success};
        case in_communicate_thru:
            return exchange_raw(command.parameters);
        default:
            return std::nullopt;
    }
}

/// Test 0 of the line sends the parameters back; the others are not modelled.
Bytes Pn532::diagnose(ByteView parameters) const {
    return {parameters.begin(), parameters.end()};
}

Bytes Pn532::read_registers(ByteView addresses) const {
    Bytes values;
    for (std::size_t i = 0; i + 1 < addresses.size(); i += 2) {
        const auto found = registers_.find(address_at(addresses, i));
        values.push_back(found == registers_.end() ? std::uint8_t{0} : found->second);
    }
    return values;
}

void Pn532::write_registers(ByteView triples) {
    for (std::size_t i = 0; i + 2 < triples.size(); i += 3) {
        registers_[address_at(triples, i)] = triples[i + 2];
    }
}

void Pn532::configure_radio(ByteView parameters) {
    if (parameters.size() >= 2 && parameters[0] == rf_field_item) {
        radio_on_ = (parameters[1] & 0x01) != 0;
        if (!radio_on_) {
            field_.power_off();
        }
    } else if (parameters.size() >= 4 && parameters[0] == max_retries_item) {
        search_tries_ = parameters[3];
    }
}

void Pn532::fall_asleep() {
    awake_ = radio_on_ = false;
    field_.power_off();
}

Bytes Pn532::list_targets(const Command& command) {
    const bool type_a = command.parameters.size() >= 2 && command.parameters[1] == type_a_106;
    radio_on_ = true;
    if (type_a && field_.present()) {
        return answer_frame(command.code, found_target());
    }
    if (search_tries_ == endless) {
        searching_ = true;
        return {};
    }
    return answer_frame(command.code, Bytes{0});
}

Bytes Pn532::found_target() {
    field_.activate();
    Bytes data{1, target_number};
    append(data, atqa_sak);
    data.push_back(static_cast<std::uint8_t>(field_.uid().size()));
    append(data, field_.uid());
    if (due(true)) {
        data.push_back(0x00);
    } else if (sends_rats_) {
        append(data, field_.answer_to_select());
    }
    return data;
}

Bytes Pn532::exchange(const Command& command) {
    const ByteView parameters(command.parameters);
    if (has_more_ && parameters.size() == 1) {
        return answer_frame(command.code, Bytes(endless_part, more_information_bit));
    }
    const std::optional<ChipFault> fault = due(false);
    has_more_ = fault == ChipFault::more_information;
    if (parameters.empty() || !radio_on_) {
        return answer_frame(command.code, Bytes{wrong_context});
    }
    const ByteView apdu = parameters.subspan(1);
    std::optional<Bytes> card;
    if (apdu.size() <= max_carried_apdu && fault != ChipFault::rf_timeout) {
        card = field_.exchange(apdu);
    }
    Bytes data{card ? success : rf_timeout};
    if (card) {
        append(data, *card);
    }
    return fault ? spoiled(*fault, command.code, std::move(data))
                 : answer_frame(command.code, data);
}

/// A frame as it is. Of an activated card only the sign of life is modelled.
Bytes Pn532::exchange_raw(ByteView frame) const {
    if (frame.size() != 1 || (frame[0] & ~unsigned{r_block_number}) != r_nak || !field_.active()) {
        return {rf_timeout};
    }
    return {success, static_cast<std::uint8_t>(r_ack | (frame[0] & r_block_number))};
}

}  // namespace virtual_card
