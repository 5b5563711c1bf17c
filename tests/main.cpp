#define BOOST_TEST_MODULE card_station
#include <boost/test/unit_test.hpp>
