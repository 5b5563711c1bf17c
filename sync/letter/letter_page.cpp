#include "sync/letter/letter_page.hpp"

#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include "sync/letter/qr_symbol.hpp"

namespace card::letter {
namespace {

// Points, of which an inch has 72.
constexpr double page_width = 595.28;
constexpr double page_height = 841.89;
constexpr double margin = 64;
constexpr double text_width = page_width - 2 * margin;
constexpr double qr_width = 150;
constexpr std::size_t quiet_modules = 4;  ///< on each side, as the standard asks

constexpr const char* font_family = "Noto Sans CJK TC";
constexpr double title_size = 24;
constexpr double body_size = 12.5;
constexpr double small_size = 9.5;

struct Release {
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
    void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
    void operator()(PangoFontDescription* font) const { pango_font_description_free(font); }
    void operator()(PangoLayout* layout) const { g_object_unref(layout); }
};
template <class T>
using Owned = std::unique_ptr<T, Release>;

cairo_status_t append_octets(void* text, const unsigned char* octets, unsigned int size) {
    const std::span<const unsigned char> view(octets, size);
    static_cast<std::string*>(text)->append(view.begin(), view.end());
    return CAIRO_STATUS_SUCCESS;
}

/// Draws down the page.
class Pen {
  public:
    explicit Pen(cairo_t* cairo) : cairo_(cairo) {}

    void skip(double points) { y_ += points; }

    void write(const std::string& text, double size, PangoWeight weight = PANGO_WEIGHT_NORMAL,
               PangoAlignment alignment = PANGO_ALIGN_LEFT) {
        y_ += write_at(text, margin, size, weight, alignment);
    }

    void row(const std::string& label, const std::string& value) {
        constexpr double value_indent = 110;
        (void)write_at(label, margin, body_size, PANGO_WEIGHT_NORMAL, PANGO_ALIGN_LEFT);
        y_ +=
            write_at(value, margin + value_indent, body_size, PANGO_WEIGHT_BOLD, PANGO_ALIGN_LEFT) +
            3;
    }

    void line() {
        constexpr double grey = 0.6;
        cairo_set_source_rgb(cairo_, grey, grey, grey);
        cairo_set_line_width(cairo_, 0.7);
        cairo_move_to(cairo_, margin, y_);
        cairo_line_to(cairo_, page_width - margin, y_);
        cairo_stroke(cairo_);
    }

    void draw(const QrSymbol& symbol) {
        const double module = qr_width / static_cast<double>(symbol.width + 2 * quiet_modules);
        const double left = (page_width - qr_width) / 2;
        cairo_set_source_rgb(cairo_, 0, 0, 0);
        for (std::size_t row = 0; row < symbol.width; ++row) {
            for (std::size_t column = 0; column < symbol.width; ++column) {
                if (symbol.is_dark(row, column)) {
                    cairo_rectangle(
                        cairo_, left + module * static_cast<double>(column + quiet_modules),
                        y_ + module * static_cast<double>(row + quiet_modules), module, module);
                }
            }
        }
        cairo_fill(cairo_);
        y_ += qr_width;
    }

  private:
    /// Gives the height that it took.
    double write_at(const std::string& text, double x, double size, PangoWeight weight,
                    PangoAlignment alignment) {
        const Owned<PangoLayout> layout(pango_cairo_create_layout(cairo_));
        const Owned<PangoFontDescription> font(pango_font_description_from_string(font_family));
        pango_font_description_set_absolute_size(font.get(), size * PANGO_SCALE);
        pango_font_description_set_weight(font.get(), weight);
        pango_context_set_language(pango_layout_get_context(layout.get()),
                                   pango_language_from_string("zh-TW"));
        pango_layout_set_font_description(layout.get(), font.get());
        constexpr double leading = 1.35;
        pango_layout_set_line_spacing(layout.get(), static_cast<float>(leading));
        pango_layout_set_width(layout.get(),
                               static_cast<int>((margin + text_width - x) * PANGO_SCALE));
        pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD_CHAR);
        pango_layout_set_alignment(layout.get(), alignment);
        pango_layout_set_text(layout.get(), text.data(), static_cast<int>(text.size()));
        cairo_set_source_rgb(cairo_, 0, 0, 0);
        cairo_move_to(cairo_, x, y_);
        pango_cairo_show_layout(cairo_, layout.get());
        int height = 0;
        pango_layout_get_size(layout.get(), nullptr, &height);
        return static_cast<double>(height) / PANGO_SCALE;
    }

    cairo_t* cairo_;
    double y_ = margin;
};

void draw(Pen& pen, const LetterPage& page, const QrSymbol& symbol) {
    pen.write("港區通行證線上換證", body_size, PANGO_WEIGHT_NORMAL, PANGO_ALIGN_CENTER);
    pen.write("領證通知信", title_size, PANGO_WEIGHT_BOLD, PANGO_ALIGN_CENTER);
    pen.skip(14);
    pen.line();
    pen.skip(16);
    pen.write(page.company + "  " + masked_name(page.holder_name) + "  您好：", body_size);
    pen.skip(10);
    pen.write("您申請換發的通行證已製作完成（已製證），請至" + page.pickup_port.name() +
                  "領證。領證時請攜帶：",
              body_size);
    pen.skip(6);
    pen.write("    一、本領證通知信", body_size, PANGO_WEIGHT_BOLD);
    pen.write("    二、原通行證", body_size, PANGO_WEIGHT_BOLD);
    pen.skip(14);
    pen.row("通行證號", page.pass_number.text());
    pen.row("原通行證號", page.old_pass_number.text());
    pen.row("期限起日", page.valid_from.slashed());
    pen.row("期限迄日", page.valid_to.slashed());
    pen.row("領證港區", page.pickup_port.name());
    pen.skip(12);
    pen.write(
        "換證只更換證件，期限與通行港區不變。領取新證時，原通行證即失效，新證即生效；"
        "在此之前請繼續使用原通行證。",
        body_size);
    pen.skip(16);
    pen.draw(symbol);
    pen.write("領證時由櫃檯掃描，請勿折損或塗改", small_size, PANGO_WEIGHT_NORMAL,
              PANGO_ALIGN_CENTER);
    pen.skip(18);
    pen.line();
    pen.skip(8);
    pen.write("製發日期 " + page.made_on.slashed() +
                  "。本信由系統製發；期限迄日過後，本信即失效。如通行證重新製作，"
                  "將另寄新的領證通知信。",
              small_size);
}

/// The characters of a text in UTF-8.
std::vector<std::string> characters(std::string_view text) {
    std::vector<std::string> found;
    for (const char octet : text) {
        if ((static_cast<unsigned char>(octet) & 0xC0U) != 0x80U || found.empty()) {
            found.emplace_back();
        }
        found.back() += octet;
    }
    return found;
}

}  // namespace

std::string masked_name(const PersonalText& name) {
    if (name.blank()) {
        return {};
    }
    std::vector<std::string> letters = characters(name.reveal());
    constexpr std::size_t longest_chinese_name = 4;
    const bool written_in_chinese =
        letters.size() <= longest_chinese_name && letters.front().size() >= 3;
    std::string masked = letters.front();
    if (!written_in_chinese) {
        masked += "○○";
    } else if (letters.size() > 1) {
        for (std::size_t i = 1; i < letters.size(); ++i) {
            masked += i == letters.size() - 1 && i > 1 ? letters[i] : "○";
        }
    }
    for (std::string& letter : letters) {
        wipe_octets(letter);
    }
    return masked;
}

Result<std::string> draw_pdf(const LetterPage& page) {
    const auto symbol = qr_symbol(page.qr);
    if (!symbol) {
        return tl::make_unexpected(symbol.error());
    }
    std::string pdf;
    const Owned<cairo_surface_t> surface(
        cairo_pdf_surface_create_for_stream(append_octets, &pdf, page_width, page_height));
    cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_TITLE, "領證通知信");
    cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE,
                                   to_rfc3339(page.made_on.starts_at()).c_str());
    {
        const Owned<cairo_t> cairo(cairo_create(surface.get()));
        Pen pen(cairo.get());
        draw(pen, page, *symbol);
        cairo_show_page(cairo.get());
    }
    cairo_surface_finish(surface.get());
    if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) {
        return fail(Fault::correct_configuration,
                    std::string("the letter cannot be drawn: ") +
                        cairo_status_to_string(cairo_surface_status(surface.get())));
    }
    return pdf;
}

}  // namespace card::letter
