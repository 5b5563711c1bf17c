#include <set>

#include <boost/test/unit_test.hpp>

#include "cardformat/credential/state_file.hpp"

using namespace card;

namespace {

const Bytes credential(200, 0x5A);

bool refused_and_set_aside(const Bytes& file) {
    const auto read = read_state_file(file, credential);
    return !read && read.error().fault == Fault::set_card_aside;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(state_files)

BOOST_AUTO_TEST_CASE(every_life_state_comes_back_from_its_file) {
    for (const LifeState state :
         {LifeState::made, LifeState::active, LifeState::retired, LifeState::voided}) {
        const auto read = read_state_file(encode_state_file(state, credential), credential);
        BOOST_TEST((read.has_value() && *read == state), name(state));
    }
}

BOOST_AUTO_TEST_CASE(a_file_has_26_octets) {
    BOOST_TEST(encode_state_file(LifeState::made, credential).size() == 26U);
}

BOOST_AUTO_TEST_CASE(every_wrong_value_of_every_octet_is_refused) {
    const std::set<int> known_states{1, 2, 3, 4};
    const Bytes right = encode_state_file(LifeState::made, credential);
    for (std::size_t at = 0; at < right.size(); ++at) {
        for (int value = 0; value < 256; ++value) {
            Bytes file = right;
            file[at] = static_cast<std::uint8_t>(value);
            const bool another_state = at == 1 && known_states.contains(value);
            if (file != right && !another_state) {
                BOOST_TEST(refused_and_set_aside(file), at << " = " << value);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_file_of_another_length_is_refused) {
    Bytes longer = encode_state_file(LifeState::active, credential);
    Bytes shorter = longer;
    longer.push_back(0x00);
    shorter.pop_back();
    BOOST_TEST(refused_and_set_aside(longer));
    BOOST_TEST(refused_and_set_aside(shorter));
    BOOST_TEST(refused_and_set_aside({}));
}

BOOST_AUTO_TEST_CASE(a_file_of_a_fresh_card_is_refused) {
    BOOST_TEST(refused_and_set_aside(Bytes(26, 0x00)));
    BOOST_TEST(refused_and_set_aside(Bytes(26, 0xFF)));
}

BOOST_AUTO_TEST_CASE(the_state_of_another_credential_is_refused) {
    Bytes other = credential;
    other.back() ^= 0x01;
    BOOST_TEST(refused_and_set_aside(encode_state_file(LifeState::active, other)));
}

BOOST_AUTO_TEST_SUITE_END()
