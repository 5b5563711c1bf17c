#pragma once
// One native command through as many APDUs as it needs: wrapping (ISO/IEC 7816-4 around the native
// command), chaining both ways, and secure messaging.

#include "cardformat/desfire/commands.hpp"
#include "cardformat/desfire/conversation.hpp"
#include "cardformat/desfire/session.hpp"

namespace card::desfire {

inline constexpr std::size_t max_answer_size = 4096;  ///< octets of one command's joined answer
inline constexpr std::size_t max_answer_frames = 128;

/// One frame there and one back; chaining is the caller's.
Conversation<Result<NativeAnswer>> send_frame(std::uint8_t ins, Bytes data);

/// Sends INS and `payload` as they are. Any status of the card is a success here;
/// `use_another_card` where the answer is not DESFire's, `set_card_aside` for chaining without end.
Conversation<Result<NativeAnswer>> send(std::uint8_t ins, Bytes payload, FrameLimit limit);

/// Sends outside any session.
Conversation<Result<NativeAnswer>> send_plain(NativeCommand command, FrameLimit limit);

/// Sends inside a session and opens the answer. A status other than `ok` comes back as it is, and
/// the session is then dead on the card.
Conversation<Result<NativeAnswer>> send_secured(Session& session, NativeCommand command,
                                                FrameLimit limit);

/// Sends a ChangeKey of the key that the session stands under. Its answer has no MAC, and the
/// session is over: whether the key is the new one, an authentication must prove.
Conversation<Result<void>> change_key_of_session(std::string_view doing, Session session,
                                                 NativeCommand command, FrameLimit limit);

/// The failure that a status means where the command had to succeed.
[[nodiscard]] tl::unexpected<Failure> refused(std::string_view command, Status status);

/// `send_plain` / `send_secured` for commands that must succeed: the opened data.
Conversation<Result<Bytes>> require_plain(std::string_view doing, NativeCommand command,
                                          FrameLimit limit);
Conversation<Result<Bytes>> require_secured(std::string_view doing, Session& session,
                                            NativeCommand command, FrameLimit limit);

/// GetKeyVersion, which needs no session.
Conversation<Result<KeyVersion>> read_key_version(KeyNumber key, FrameLimit limit);

}  // namespace card::desfire
