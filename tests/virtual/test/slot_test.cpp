#include <filesystem>
#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/virtual/test/slot_bench.hpp"
#include "tests/virtual/test/terminal.hpp"

namespace virtual_card::test {
namespace {

BOOST_AUTO_TEST_SUITE(slot)

BOOST_AUTO_TEST_CASE(an_empty_slot_does_not_want_the_driver) {
    SlotBench bench;
    BOOST_CHECK(!bench.slot.wants_connection());
    BOOST_CHECK_EQUAL(bench.slot.state(), "absent connected=no apdus=0 uid=042A41CAE45380");
    bench.slot.insert();
    BOOST_CHECK(bench.slot.wants_connection());
}

BOOST_AUTO_TEST_CASE(an_inserted_card_tells_its_atr_and_answers_apdus) {
    SlotBench bench;
    bench.insert();
    BOOST_CHECK_EQUAL(bench.answer_to(send_atr), "3B8180018080");
    BOOST_CHECK_EQUAL(bench.answer_to(from_hex("906E000000")), "0014009100");
    BOOST_CHECK_EQUAL(bench.slot.state(), "present connected=yes apdus=1 uid=042A41CAE45380");
}

BOOST_AUTO_TEST_CASE(a_change_is_saved_before_it_is_answered) {
    SlotBench bench;
    bench.insert();
    BOOST_CHECK_EQUAL(bench.answer_to(create_application), "9100");
    BOOST_CHECK_EQUAL(bench.saved().applications.size(), 1U);
}

BOOST_AUTO_TEST_CASE(a_tear_hangs_up_and_leaves_the_slot_empty_with_the_effect_saved) {
    SlotBench bench;
    bench.insert();
    bench.slot.card().tear({1, Tear::When::after});
    BOOST_CHECK_EQUAL(bench.answer_to(create_application), "closed");
    BOOST_CHECK(!bench.slot.present());
    BOOST_CHECK_EQUAL(bench.saved().applications.size(), 1U);
}

BOOST_AUTO_TEST_CASE(a_card_outlives_a_driver_that_goes_away) {
    SlotBench bench;
    bench.insert();
    bench.driver.hang_up();
    bench.slot.serve();
    BOOST_CHECK(bench.slot.wants_connection());
    bench.slot.connect();
    bench.driver.accept();
    // Not powered yet: silent, but still in the slot.
    BOOST_CHECK_EQUAL(bench.answer_to(from_hex("906E000000")), "closed");
    BOOST_CHECK(bench.slot.wants_connection());
}

BOOST_AUTO_TEST_CASE(another_card_can_be_loaded_into_the_slot) {
    SlotBench bench;
    const std::filesystem::path other = bench.driver.card_file().string() + ".other";
    save_memory(factory_card(genuine_uid(1)), other);
    bench.slot.load(other);
    bench.insert();
    BOOST_CHECK_EQUAL(bench.answer_to(from_hex("FFCA000000")), "045640CAE453809000");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace virtual_card::test
