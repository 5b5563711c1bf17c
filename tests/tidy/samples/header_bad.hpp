// as: cardformat/pass/sample.hpp found: pragma-once
#include "cardformat/base/result.hpp"
