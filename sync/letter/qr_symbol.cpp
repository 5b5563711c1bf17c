#include "sync/letter/qr_symbol.hpp"

#include <memory>

#include <qrencode.h>

namespace card::letter {
namespace {

struct FreeInput {
    void operator()(QRinput* input) const { QRinput_free(input); }
};
struct FreeCode {
    void operator()(QRcode* code) const { QRcode_free(code); }
};

}  // namespace

Result<QrSymbol> qr_symbol(const std::string& text) {
    constexpr int any_version = 0;
    const std::unique_ptr<QRinput, FreeInput> input(QRinput_new2(any_version, QR_ECLEVEL_M));
    const BytesView octets = as_bytes(text);
    if (!input || QRinput_append(input.get(), QR_MODE_AN, static_cast<int>(octets.size()),
                                 octets.data()) != 0) {
        return fail(Fault::correct_input, "the text cannot stand in an alphanumeric QR code");
    }
    const std::unique_ptr<QRcode, FreeCode> code(QRcode_encodeInput(input.get()));
    if (!code) {
        return fail(Fault::correct_input, "the text is too long for a QR code");
    }
    QrSymbol symbol{static_cast<std::size_t>(code->width), {}};
    symbol.dark.reserve(symbol.width * symbol.width);
    for (std::size_t i = 0; i < symbol.width * symbol.width; ++i) {
        symbol.dark.push_back((code->data[i] & 1U) != 0);
    }
    return symbol;
}

}  // namespace card::letter
