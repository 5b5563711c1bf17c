#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <variant>

#include "tests/virtual/desfire/channel.hpp"
#include "tests/virtual/desfire/memory.hpp"
#include "tests/virtual/desfire/quirks.hpp"
#include "tests/virtual/desfire/status.hpp"

namespace virtual_card {

/// One native frame from the chip.
struct Frame {
    std::uint8_t status = 0;
    Bytes data;
};

/// The command layer: sessions, chaining, access rights, files. Knows nothing of wrapping, fields
/// and tears. All that power keeps alive is in here, all that outlives it in the CardMemory.
class Chip {
  public:
    Chip(CardMemory& memory, const CardQuirks& quirks, Randomness randomness);

    /// The state after the field came up: master level selected, nobody authenticated.
    void power_up();

    /// Executes one native frame.
    Frame frame(std::uint8_t ins, ByteView data);

    /// Ends what was going on as any error does, and gives this status.
    Frame refuse(Status status);

    /// A part of a file.
    struct FileRange {
        Aid aid{};
        std::uint8_t file = 0;
        std::size_t offset = 0;
        std::size_t length = 0;
    };
    /// What a WriteData to a standard file covers that has begun and waits for more frames.
    std::optional<FileRange> unfinished_write();

  private:
    using Handler = Frame (Chip::*)(ByteView);
    struct Command {
        Ins ins;
        Handler handler;
    };

    struct Session {
        std::uint8_t key_number = 0;
        std::variant<Ev1Channel, Ev2Channel, LegacyChannel> channel;
    };

    enum class Method : std::uint8_t { legacy, iso, aes, ev2_first, ev2_non_first };
    struct PendingAuthentication {
        Method method = Method::iso;
        std::uint8_t key_number = 0;
        Bytes rnd_b;
        Bytes iv;
        std::array<std::uint8_t, 6> terminal_capabilities{};
        Bytes transaction_id;
        std::uint16_t counter = 0;
    };
    struct PendingWrite {
        std::uint8_t file = 0;
        CommMode mode = CommMode::plain;
        Bytes header;
        Bytes body;
        std::size_t plain_length = 0;
    };
    struct PendingOutput {
        std::deque<Bytes> frames;
        std::uint8_t status = 0;
    };
    using Pending =
        std::variant<std::monostate, PendingAuthentication, PendingWrite, PendingOutput>;

    static const Command* find(std::uint8_t ins);

    // Secure messaging around a command.
    std::size_t protected_length(CommMode mode, std::size_t plain_length, bool file_data) const;
    Bytes unprotect(ByteView header, ByteView body, CommMode mode, std::size_t plain_length,
                    bool file_data);
    bool in_legacy_session() const;
    Bytes unprotect_ev1(Ev1Channel& channel, ByteView header, ByteView body, CommMode mode,
                        std::size_t plain_length, bool file_data);
    Bytes unprotect_ev2(const Ev2Channel& channel, ByteView header, ByteView body, CommMode mode);
    Bytes receive(ByteView data, std::size_t length);
    Bytes protect(std::uint8_t status, ByteView data, CommMode mode, bool marked);
    void spoil_mac(Bytes& mac) const;
    void fail_authentication();
    Frame answer(ByteView data, CommMode mode = CommMode::mac, Status status = Status::ok,
                 bool marked = false);
    Frame send(std::deque<Bytes> frames, std::uint8_t status);
    std::deque<Bytes> cut(ByteView data) const;
    Frame proceed(ByteView data);

    // What the present state allows.
    bool at_picc_level() const { return !selected_.has_value(); }
    bool authenticated_with(std::uint8_t key_number) const;
    Application& application();
    std::uint8_t settings();
    KeyType level_key_type();
    Key& key(std::uint8_t number);
    std::size_t key_count();
    void require_picc_level() const;
    void require_master_key() const;
    void require_listing();
    void require_creating();
    File& file(std::uint8_t number);
    CommMode access(const File& file, unsigned right) const;
    void spend(std::uint32_t bytes);
    void end_session();

    // Authentication.
    Frame authenticate_legacy(ByteView data);
    Frame authenticate_iso(ByteView data);
    Frame authenticate_aes(ByteView data);
    Frame authenticate_ev2_first(ByteView data);
    Frame authenticate_ev2_non_first(ByteView data);
    Frame begin(PendingAuthentication pending);
    Frame finish(const PendingAuthentication& pending, ByteView cryptogram);
    Bytes conclude(const PendingAuthentication& pending, ByteView cryptogram, ByteView rnd_a);

    // Identity and settings.
    Frame get_version(ByteView data);
    Frame read_signature(ByteView data);
    Frame get_card_uid(ByteView data);
    Frame get_free_memory(ByteView data);
    Frame get_key_version(ByteView data);
    Frame get_key_settings(ByteView data);
    Frame change_key_settings(ByteView data);

    // Keys.
    Frame change_key(ByteView data);
    void require_change_key(std::uint8_t number);
    Key new_key_ev1(Ev1Channel& channel, ByteView data, KeyType type, bool own_key,
                    const Key& old_key) const;
    Key new_key_ev2(const Ev2Channel& channel, ByteView data, KeyType type, bool own_key,
                    const Key& old_key);

    // Applications.
    Frame select_application(ByteView data);
    Frame get_application_ids(ByteView data);
    Frame create_application(ByteView data);
    Frame delete_application(ByteView data);
    Frame format_picc(ByteView data);

    // Files.
    Frame create_standard_file(ByteView data);
    Frame create_backup_file(ByteView data);
    Frame create_file(ByteView data, FileType type);
    Frame delete_file(ByteView data);
    Frame get_file_ids(ByteView data);
    Frame get_file_settings(ByteView data);
    Frame read_data(ByteView data);
    Frame write_data(ByteView data);
    Frame proceed_writing(PendingWrite pending, ByteView more);
    Frame commit_transaction(ByteView data);
    Frame abort_transaction(ByteView data);

    CardMemory& memory_;
    const CardQuirks& quirks_;
    Randomness randomness_;
    std::uint8_t ins_ = 0;  ///< the command that is being executed, across its frames
    std::optional<Aid> selected_;
    std::optional<Session> session_;
    Pending pending_;
    std::map<std::uint8_t, Bytes> uncommitted_;  ///< mirrors of backup files, by file number
    std::uint32_t failed_authentications_ = 0;   ///< in a row, in every field
    std::uint32_t delayed_authentications_ = 0;  ///< how many more will be answered AD
};

}  // namespace virtual_card
