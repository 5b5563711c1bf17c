#include <algorithm>

#include "tests/virtual/desfire/chip.hpp"
#include "tests/virtual/desfire/refused.hpp"

namespace virtual_card {
namespace {

constexpr std::uint8_t key_count_bits = 0x0F;
constexpr std::uint8_t extended_bits = 0x30;  // ISO file identifiers, third settings byte
constexpr std::size_t create_bytes = 5;
constexpr Aid picc_aid{0, 0, 0};

Aid aid_of(ByteView bytes) {
    Aid aid{};
    std::copy_n(bytes.begin(), aid.size(), aid.begin());
    return aid;
}

KeyType application_key_type(std::uint8_t second_settings) {
    switch (second_settings >> 6U) {
        case 0:
            return KeyType::des;
        case 1:
            return KeyType::tdes3k;
        case 2:
            return KeyType::aes;
        default:
            throw Refused{Status::parameter_error};
    }
}

/// A signature field that verifies under no maker's key.
Bytes worthless_signature() {
    return Bytes(signature_bytes, 0x5A);
}

}  // namespace

Frame Chip::get_version(ByteView data) {
    receive(data, 0);
    const ChipProfile& chip = memory_.profile;
    Bytes whole = chip.hardware_version;
    append(whole, chip.software_version);
    append(whole, memory_.uid);
    append(whole, chip.production);
    const Bytes sealed =
        protect(static_cast<std::uint8_t>(Status::ok), whole, CommMode::mac, false);
    // Each part has a frame of its own, however large a frame may be.
    const auto hardware_end =
        sealed.begin() + static_cast<std::ptrdiff_t>(chip.hardware_version.size());
    const auto software_end =
        hardware_end + static_cast<std::ptrdiff_t>(chip.software_version.size());
    return send({Bytes(sealed.begin(), hardware_end), Bytes(hardware_end, software_end),
                 Bytes(software_end, sealed.end())},
                static_cast<std::uint8_t>(Status::ok));
}

Frame Chip::read_signature(ByteView data) {
    require(memory_.profile.originality_signature, Status::illegal_command);
    const Bytes parameters = receive(data, 1);
    require(parameters[0] == 0, Status::parameter_error);
    const bool ev2 = session_ && std::holds_alternative<Ev2Channel>(session_->channel);
    return answer(memory_.signature.value_or(worthless_signature()),
                  ev2 ? CommMode::full : CommMode::plain, Status::signature_ok);
}

Frame Chip::get_card_uid(ByteView data) {
    require(session_.has_value(), Status::authentication_error);
    receive(data, 0);
    return answer(memory_.uid, CommMode::full);
}

Frame Chip::get_free_memory(ByteView data) {
    receive(data, 0);
    return answer(to_little_endian(free_bytes(memory_), 3));
}

Frame Chip::select_application(ByteView data) {
    require(data.size() == picc_aid.size(), Status::length_error);
    const Aid aid = aid_of(data);
    const bool exists =
        aid == picc_aid ||
        std::any_of(memory_.applications.begin(), memory_.applications.end(),
                    [&](const Application& application) { return application.aid == aid; });
    require(exists, Status::application_not_found);
    power_up();
    if (aid != picc_aid) {
        selected_ = aid;
    }
    return answer({});
}

Frame Chip::get_application_ids(ByteView data) {
    receive(data, 0);
    require_picc_level();
    require_listing();
    Bytes list;
    for (const Application& application : memory_.applications) {
        append(list, application.aid);
    }
    return answer(list);
}

Frame Chip::create_application(ByteView data) {
    const Bytes parameters = receive(data, create_bytes);
    require_picc_level();
    require_creating();
    const Aid aid = aid_of(parameters);
    const std::uint8_t second = parameters[4];
    const auto keys = static_cast<std::size_t>(second & key_count_bits);
    require(aid != picc_aid && keys >= 1 && keys <= max_keys && (second & extended_bits) == 0,
            Status::parameter_error);
    const KeyType type = application_key_type(second);
    require(std::none_of(memory_.applications.begin(), memory_.applications.end(),
                         [&](const Application& other) { return other.aid == aid; }),
            Status::duplicate);
    require(memory_.applications.size() < memory_.profile.max_applications, Status::count_error);
    spend(application_cost(type, keys));
    memory_.applications.push_back(
        {aid, parameters[3], type, std::vector<Key>(keys, zero_key(type)), {}});
    return answer({});
}

Frame Chip::delete_application(ByteView data) {
    const Bytes parameters = receive(data, picc_aid.size());
    const Aid aid = aid_of(parameters);
    const auto found =
        std::find_if(memory_.applications.begin(), memory_.applications.end(),
                     [&](const Application& application) { return application.aid == aid; });
    require(found != memory_.applications.end(), Status::application_not_found);
    if (!at_picc_level()) {
        require(selected_ == aid && (memory_.picc_settings & settings_free_creating) != 0,
                Status::permission_denied);
    }
    require_master_key();
    memory_.applications.erase(found);  // its memory comes back with FormatPICC only
    const bool own = !at_picc_level();
    Frame frame = answer({});
    if (own) {
        power_up();
    }
    return frame;
}

Frame Chip::format_picc(ByteView data) {
    receive(data, 0);
    require_picc_level();
    require_master_key();
    memory_.applications.clear();
    memory_.used_bytes = 0;
    return answer({});
}

}  // namespace virtual_card
