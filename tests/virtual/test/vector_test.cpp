#include <exception>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/execution_monitor.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/virtual/test/vectors.hpp"

namespace virtual_card::test {
namespace {

struct Tally {
    int ran = 0;
    int without_code = 0;
};

/// Runs one vector; false where there is no code for it.
bool run(const json::object& vector, const std::vector<json::object>& all) {
    const VectorCheck check = check_for(text(vector, "category"));
    if (check == nullptr) {
        return false;
    }
    BOOST_TEST_CONTEXT("vector " << (has(vector, "name") ? text(vector, "name") : "?")) {
        try {
            return check(vector, all);
        } catch (const boost::execution_aborted&) {
            // A failed requirement: reported already, and the other vectors still count.
        } catch (const std::exception& error) {
            BOOST_ERROR(error.what());
        }
    }
    return true;
}

BOOST_AUTO_TEST_SUITE(vectors)

BOOST_AUTO_TEST_CASE(every_vector_of_a_known_category_holds) {
    std::map<std::string, Tally> tallies;
    const std::vector<VectorFile> files = vector_files();
    BOOST_REQUIRE(!files.empty());
    for (const VectorFile& file : files) {
        if (file.vectors.empty()) {
            std::cout << file.name << ": no list of vectors\n";
        }
        for (const json::object& vector : file.vectors) {
            Tally& tally = tallies[text(vector, "category")];
            ++(run(vector, file.vectors) ? tally.ran : tally.without_code);
        }
    }
    for (const auto& [category, tally] : tallies) {
        std::cout << category << ": " << tally.ran << " ran, " << tally.without_code
                  << " without code\n";
    }
    if (vectors_are_our_own()) {
        for (const std::string_view category : known_categories()) {
            BOOST_TEST(tallies[std::string(category)].ran > 0, "no vector ran of " << category);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace virtual_card::test
