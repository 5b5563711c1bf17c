#include <filesystem>
#include <fstream>
#include <iterator>

#include <boost/test/unit_test.hpp>

#include "sync/letter/delivery.hpp"
#include "sync/letter/letter_page.hpp"
#include "sync/letter/qr_symbol.hpp"

using namespace card;
using namespace card::letter;

namespace {

LetterPage sample() {
    return {*PassNumber::parse("KHPS110-000059"),
            *PassNumber::parse("KHPS109-010323"),
            *BusinessDay::parse("2020-12-02"),
            *BusinessDay::parse("2023-11-27"),
            *Port::parse("KH"),
            PersonalText("李小明"),
            "德創科技股份有限公司",
            *BusinessDay::parse("2021-12-01"),
            "PL1:" + std::string(250, 'A') + "."};
}

struct Folder {
    Folder() {
        std::string pattern = std::filesystem::temp_directory_path() / "letters.XXXXXX";
        path = ::mkdtemp(pattern.data());
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path); }

    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(path)) {
            found.push_back(entry.path().filename());
        }
        return found;
    }
    [[nodiscard]] std::string content(const std::string& name) const {
        std::ifstream file(path / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    std::filesystem::path path;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(letter_pages)

BOOST_AUTO_TEST_CASE(a_name_shows_no_more_than_its_ends) {
    const auto masked = [](const char* name) { return masked_name(PersonalText(name)); };
    BOOST_TEST(masked("李小明") == "李○明");
    BOOST_TEST(masked("林明") == "林○");
    BOOST_TEST(masked("歐陽大明") == "歐○○明");
    BOOST_TEST(masked("李") == "李");
    BOOST_TEST(masked("John Smith") == "J○○");
    BOOST_TEST(masked("0728") == "0○○");
    BOOST_TEST(masked("台中A先生女士") == "台○○");
    BOOST_TEST(masked(" ") == "");
    BOOST_TEST(masked("") == "");
}

BOOST_AUTO_TEST_CASE(a_page_is_a_pdf_and_a_code_that_does_not_fit_is_refused) {
    const auto pdf = draw_pdf(sample());
    BOOST_REQUIRE(pdf);
    BOOST_TEST(pdf->starts_with("%PDF-1."));
    BOOST_TEST(pdf->find("李小明") == std::string::npos);
    LetterPage page = sample();
    page.qr = "lower case";
    BOOST_TEST((draw_pdf(page).error().fault == Fault::correct_input));
    page.qr = std::string(4000, 'A');
    BOOST_TEST(!draw_pdf(page));
}

BOOST_AUTO_TEST_CASE(a_symbol_has_its_three_finder_patterns) {
    const auto symbol = qr_symbol("PL1:AB.");
    BOOST_REQUIRE(symbol);
    const std::size_t last = symbol->width - 1;
    for (const auto& [row, column] :
         {std::pair<std::size_t, std::size_t>{0, 0}, {0, last - 6}, {last - 6, 0}}) {
        BOOST_TEST(symbol->is_dark(row, column));
        BOOST_TEST(!symbol->is_dark(row + 1, column + 1));
        BOOST_TEST(symbol->is_dark(row + 3, column + 3));
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(letter_delivery, Folder)

BOOST_AUTO_TEST_CASE(a_letter_dropped_twice_is_one_file) {
    const Delivery spool = Spool{path.string()};
    BOOST_TEST(deliver(spool, {"a-1", "x@y.example", "first"}).has_value());
    BOOST_TEST(deliver(spool, {"a-1", "x@y.example", "second"}).has_value());
    BOOST_TEST(names() == std::vector<std::string>{"a-1.pdf"}, boost::test_tools::per_element());
    BOOST_TEST(content("a-1.pdf") == "second");
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_is_a_setting_to_correct) {
    const auto dropped = deliver(Spool{(path / "none").string()}, {"a", "x@y.example", "pdf"});
    BOOST_REQUIRE(!dropped);
    BOOST_TEST((dropped.error().fault == Fault::correct_configuration));
}

BOOST_AUTO_TEST_CASE(a_server_that_is_not_there_is_asked_again_later) {
    const auto mailed =
        deliver(MailServer{"smtp://127.0.0.1:1", "l@c.example"}, {"a", "x@y.example", "pdf"});
    BOOST_REQUIRE(!mailed);
    BOOST_TEST((mailed.error().fault == Fault::retry_later));
}

BOOST_AUTO_TEST_CASE(no_address_can_carry_a_header_or_a_second_receiver) {
    for (const char* to : {"", "nobody", "a@b\r\nBcc: c@d", "a@b>,<c@d", "a b@c"}) {
        const auto mailed =
            deliver(MailServer{"smtp://127.0.0.1:1", "l@c.example"}, {"a", to, "pdf"});
        BOOST_REQUIRE(!mailed);
        BOOST_TEST((mailed.error().fault == Fault::correct_configuration), to);
    }
}

BOOST_AUTO_TEST_SUITE_END()
