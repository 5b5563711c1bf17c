#pragma once

#include <cstdint>

namespace virtual_card {

/// The second byte of `91 xx`.
enum class Status : std::uint8_t {
    ok = 0x00,
    no_changes = 0x0C,
    out_of_memory = 0x0E,
    illegal_command = 0x1C,
    integrity_error = 0x1E,
    no_such_key = 0x40,
    length_error = 0x7E,
    signature_ok = 0x90,
    permission_denied = 0x9D,
    parameter_error = 0x9E,
    application_not_found = 0xA0,
    authentication_delay = 0xAD,
    authentication_error = 0xAE,
    additional_frame = 0xAF,
    boundary_error = 0xBE,
    command_aborted = 0xCA,
    count_error = 0xCE,
    duplicate = 0xDE,
    eeprom_error = 0xEE,
    file_not_found = 0xF0,
};

/// Instruction bytes this card knows.
enum class Ins : std::uint8_t {
    authenticate_legacy = 0x0A,
    authenticate_iso = 0x1A,
    write_data = 0x3D,
    read_signature = 0x3C,
    get_key_settings = 0x45,
    get_card_uid = 0x51,
    change_key_settings = 0x54,
    select_application = 0x5A,
    get_version = 0x60,
    get_key_version = 0x64,
    get_application_ids = 0x6A,
    get_free_memory = 0x6E,
    get_file_ids = 0x6F,
    authenticate_ev2_first = 0x71,
    authenticate_ev2_non_first = 0x77,
    abort_transaction = 0xA7,
    authenticate_aes = 0xAA,
    additional_frame = 0xAF,
    read_data = 0xBD,
    change_key = 0xC4,
    commit_transaction = 0xC7,
    create_application = 0xCA,
    create_backup_file = 0xCB,
    create_standard_file = 0xCD,
    delete_application = 0xDA,
    delete_file = 0xDF,
    get_file_settings = 0xF5,
    format_picc = 0xFC,
};

}  // namespace virtual_card
