#include "tests/virtual/desfire/timing.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/virtual/test/terminal.hpp"

namespace virtual_card::test {
namespace {

using std::chrono::microseconds;

BOOST_AUTO_TEST_SUITE(timing)

BOOST_AUTO_TEST_CASE(without_settings_nothing_takes_time) {
    BOOST_TEST((duration({}, 61, 61, 40) == microseconds(0)));
}

BOOST_AUTO_TEST_CASE(the_air_takes_nine_bits_a_byte_and_two_frame_delays) {
    // (61 + 61 + 6) * 9 bits / 106 kbit/s = 10867 us, and 172.
    BOOST_TEST((air_time(106, 61, 61) == microseconds(11039)));
    BOOST_TEST((air_time(848, 61, 61) == microseconds(1530)));
}

BOOST_AUTO_TEST_CASE(every_part_is_added) {
    Timing timing;
    timing.per_apdu = microseconds(500);
    timing.per_block = microseconds(1000);
    timing.bit_rate = 848;
    BOOST_TEST((duration(timing, 61, 61, 3) == microseconds(500 + 3000 + 1530)));
}

BOOST_AUTO_TEST_CASE(blocks_are_counted_by_what_differs) {
    CardMemory before = prepared_card();
    add_file(before, 1, FileType::standard, CommMode::full, 0x1220, 100);
    add_file(before, 3, FileType::backup, CommMode::full, 0x1220, 26);
    BOOST_TEST(blocks_written(before, before) == 0U);

    CardMemory written = before;
    written.applications[0].files[0].data.assign(100, 1);
    BOOST_TEST(blocks_written(before, written) == 4U);
    written.applications[0].files[1].data[25] = 1;
    BOOST_TEST(blocks_written(before, written) == 6U);

    CardMemory keys = before;
    keys.applications[0].keys[1].version = 1;
    keys.picc_settings = 0x09;
    BOOST_TEST(blocks_written(before, keys) == 4U);

    CardMemory emptied = before;
    emptied.applications.clear();
    BOOST_TEST(blocks_written(before, emptied) == 2U);
    BOOST_TEST(blocks_written(emptied, before) == 8U);

    CardMemory without_file = before;
    without_file.applications[0].files.pop_back();
    BOOST_TEST(blocks_written(before, without_file) == 2U);
    BOOST_TEST(blocks_written(without_file, before) == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace virtual_card::test
