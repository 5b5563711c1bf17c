#pragma once
// Each prints its part of the table on standard output, and throws where it could not measure.

#include "tests/bench/office.hpp"

namespace figures {

void print_apdus();
/// Throws the first round away.
void print_wall_time(Office& office, int rounds);
/// How many cards a minute four production readers write, beside one.
void print_readers(const std::string& programs);
void print_syncs(Office& office, int cards);

}  // namespace figures
