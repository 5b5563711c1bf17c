#define BOOST_TEST_MODULE virtual_card
#include <boost/test/unit_test.hpp>
