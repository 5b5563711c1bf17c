#pragma once
// Each prints its part of the table on standard output, and throws where it could not measure.

#include "tests/bench/bare.hpp"
#include "tests/bench/office.hpp"

namespace figures {

void print_apdus();
/// Sections `section` and the next. Throws the first round away.
void print_wall_time(Office& office, int rounds, const Bare& bare, int section);
/// How many cards a minute four production readers write, beside one.
void print_readers(const std::string& programs);
/// The throughput of readers beside others whose cards hang.
void print_hung(const std::string& programs);
/// Processor time and wake-ups of a station that waits.
void print_idle(const std::string& programs);
void print_syncs(Office& office, int cards);

}  // namespace figures
