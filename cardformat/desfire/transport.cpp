#include "cardformat/desfire/transport.hpp"

#include <algorithm>
#include <cstdio>

namespace card::desfire {
namespace {

constexpr std::uint8_t wrapped_class = 0x90;
constexpr StatusWord wrapped_status = 0x9100;

CommandApdu wrap(std::uint8_t ins, BytesView data) {
    return CommandApdu::with_data(wrapped_class, ins, 0x00, 0x00, data);
}

Result<NativeAnswer> unwrap(const ResponseApdu& response) {
    if ((response.status() & 0xFF00U) != wrapped_status) {
        char text[64];
        (void)std::snprintf(text, sizeof text, "status word %04X is not a DESFire's",
                            static_cast<unsigned>(response.status()));
        return fail(Fault::use_another_card, text);
    }
    return NativeAnswer{static_cast<Status>(response.status() & 0xFFU),
                        Bytes(response.data().begin(), response.data().end())};
}

}  // namespace

Conversation<Result<NativeAnswer>> send_frame(std::uint8_t ins, Bytes data) {
    CommandApdu apdu = wrap(ins, data);
    Result<ResponseApdu> response = co_await Sending(std::move(apdu));
    if (!response) {
        co_return tl::make_unexpected(std::move(response.error()));
    }
    co_return unwrap(*response);
}

Conversation<Result<NativeAnswer>> send(std::uint8_t ins, Bytes payload, FrameLimit limit) {
    std::size_t sent = std::min(payload.size(), limit.command_data);
    const auto part = [&payload](std::size_t from, std::size_t to) {
        return Bytes(payload.begin() + static_cast<std::ptrdiff_t>(from),
                     payload.begin() + static_cast<std::ptrdiff_t>(to));
    };
    Bytes first = part(0, sent);
    Result<NativeAnswer> answer = co_await send_frame(ins, std::move(first));
    while (answer && answer->status == Status::additional_frame && sent < payload.size()) {
        const std::size_t next = std::min(payload.size(), sent + limit.command_data);
        Bytes more = part(sent, next);
        sent = next;
        answer = co_await send_frame(ins::additional_frame, std::move(more));
    }
    if (!answer) {
        co_return answer;
    }
    NativeAnswer joined = std::move(*answer);
    for (std::size_t frames = 1; joined.status == Status::additional_frame; ++frames) {
        if (frames >= max_answer_frames || joined.data.size() > max_answer_size) {
            co_return fail(Fault::set_card_aside, "the card's answer does not end");
        }
        Result<NativeAnswer> more = co_await send_frame(ins::additional_frame, Bytes());
        if (!more) {
            co_return more;
        }
        append(joined.data, more->data);
        joined.status = more->status;
    }
    co_return joined;
}

Conversation<Result<NativeAnswer>> send_plain(NativeCommand command, FrameLimit limit) {
    Bytes payload = std::move(command.header);
    append(payload, command.data);
    return send(command.ins, std::move(payload), limit);
}

Conversation<Result<NativeAnswer>> send_secured(Session& session, NativeCommand command,
                                                FrameLimit limit) {
    Bytes payload = session.protect(command);
    wipe_octets(command.data);
    Result<NativeAnswer> answer = co_await send(command.ins, std::move(payload), limit);
    if (!answer || answer->status != Status::ok) {
        co_return answer;
    }
    Result<Bytes> opened = session.open(command, *answer);
    if (!opened) {
        co_return tl::make_unexpected(std::move(opened.error()));
    }
    co_return NativeAnswer{Status::ok, std::move(*opened)};
}

Conversation<Result<void>> change_key_of_session(std::string_view doing, Session session,
                                                 NativeCommand command, FrameLimit limit) {
    Bytes payload = session.protect(command);
    wipe_octets(command.data);
    Result<NativeAnswer> answer = co_await send(command.ins, std::move(payload), limit);
    if (!answer) {
        co_return fail(doing, answer.error());
    }
    if (answer->status != Status::ok) {
        co_return refused(doing, answer->status);
    }
    co_return Result<void>();
}

tl::unexpected<Failure> refused(std::string_view command, Status status) {
    char code[40];
    (void)std::snprintf(code, sizeof code, " answered with status %02X",
                        static_cast<unsigned>(status));
    const std::string detail = std::string(command) + code;
    switch (status) {
        case Status::application_integrity_error:
        case Status::picc_integrity_error:
        case Status::picc_disabled:
        case Status::file_integrity_error:
            return fail(Fault::scrap_card, detail);
        case Status::eeprom_error:
            return fail(Fault::present_same_card_again, detail + " (the chip rolled back)");
        case Status::authentication_error:
        case Status::authentication_delay:
        case Status::no_such_key:
        case Status::out_of_eeprom:
        case Status::application_not_found:
        case Status::illegal_command:
            return fail(Fault::use_another_card, detail);
        default:
            return fail(Fault::set_card_aside, detail);
    }
}

Conversation<Result<Bytes>> require_plain(std::string_view doing, NativeCommand command,
                                          FrameLimit limit) {
    Result<NativeAnswer> answer = co_await send_plain(std::move(command), limit);
    if (!answer) {
        co_return fail(doing, answer.error());
    }
    if (answer->status != Status::ok && answer->status != Status::signature_ok) {
        co_return refused(doing, answer->status);
    }
    co_return std::move(answer->data);
}

Conversation<Result<Bytes>> require_secured(std::string_view doing, Session& session,
                                            NativeCommand command, FrameLimit limit) {
    Result<NativeAnswer> answer = co_await send_secured(session, std::move(command), limit);
    if (!answer) {
        co_return fail(doing, answer.error());
    }
    if (answer->status != Status::ok) {
        co_return refused(doing, answer->status);
    }
    co_return std::move(answer->data);
}

Conversation<Result<KeyVersion>> read_key_version(KeyNumber key, FrameLimit limit) {
    Result<Bytes> version = co_await require_plain("GetKeyVersion", get_key_version(key), limit);
    if (!version) {
        co_return tl::make_unexpected(std::move(version.error()));
    }
    co_return parse_key_version(*version);
}

}  // namespace card::desfire
