#pragma once

#include "tests/virtual/desfire/status.hpp"

namespace virtual_card {

/// Thrown inside the chip where a command cannot go on; Chip::frame makes the answer of it.
struct Refused {
    Status status;
};

inline void require(bool condition, Status otherwise) {
    if (!condition) {
        throw Refused{otherwise};
    }
}

}  // namespace virtual_card
