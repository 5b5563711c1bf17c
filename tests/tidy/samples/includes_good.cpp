// as: station/issuance/sample.cpp
#include <string>
#include <variant>

#include "cardformat/base/result.hpp"
#include "cardformat/pass/renewal.hpp"
#include "station/issuance/production.hpp"
// #include <winscard.h> in a comment is none.
