// as: cardformat/pass/sample.hpp
#pragma once
#include "cardformat/base/result.hpp"
