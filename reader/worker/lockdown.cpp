#include "reader/worker/lockdown.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace card::reader {

bool lock_down_process() {
    const rlimit no_core{0, 0};
    return setrlimit(RLIMIT_CORE, &no_core) == 0 && prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0;
}

}  // namespace card::reader
