#include "station/vault/lock_down.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace card {

void lock_down() {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace card
