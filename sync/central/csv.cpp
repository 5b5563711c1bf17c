#include "sync/central/csv.hpp"

#include <optional>

#include "cardformat/base/utf8.hpp"

namespace card::central {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {}

    [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
    [[nodiscard]] std::size_t line() const { return line_; }

    /// The cells up to the end of the row; nothing where a quote stays open.
    std::optional<std::vector<std::string>> row() {
        std::vector<std::string> cells;
        for (;;) {
            auto read = cell();
            if (!read) {
                return std::nullopt;
            }
            cells.push_back(std::move(*read));
            if (at_end() || text_[at_] != ',') {
                break;
            }
            ++at_;
        }
        skip('\r');
        skip('\n');
        ++line_;
        return cells;
    }

  private:
    void skip(char c) {
        if (!at_end() && text_[at_] == c) {
            ++at_;
        }
    }

    std::optional<std::string> cell() {
        if (at_end() || text_[at_] != '"') {
            const std::size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
            std::string plain(text_.substr(at_, end - at_));
            at_ = end;
            return plain;
        }
        std::string quoted;
        for (++at_; !at_end(); ++at_) {
            if (text_[at_] != '"') {
                quoted += text_[at_];
            } else if (text_.substr(at_, 2) == "\"\"") {
                quoted += text_[at_++];
            } else {
                ++at_;
                return quoted;
            }
        }
        return std::nullopt;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
};

}  // namespace

Result<std::vector<CsvRow>> read_csv(std::string_view text) {
    if (text.starts_with(byte_order_mark)) {
        text.remove_prefix(byte_order_mark.size());
    }
    if (!is_utf8(text)) {
        return fail(Fault::correct_input, "the file is not UTF-8");
    }
    Reader reader(text);
    const auto header = reader.row();
    std::vector<CsvRow> rows;
    while (header && !reader.at_end()) {
        CsvRow row{reader.line(), {}};
        const auto cells = reader.row();
        if (!cells || cells->size() != header->size()) {
            return fail(Fault::correct_input,
                        "line " + std::to_string(row.line) + " does not fit the header");
        }
        for (std::size_t i = 0; i < cells->size(); ++i) {
            row.values[(*header)[i]] = (*cells)[i];
        }
        rows.push_back(std::move(row));
    }
    if (!header) {
        return fail(Fault::correct_input, "the header has an open quote");
    }
    return rows;
}

}  // namespace card::central
