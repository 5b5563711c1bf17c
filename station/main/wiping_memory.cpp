// Memory that is given back is wiped first. What passes through a station (names in an answer of
// the central, texts of a scanner, keys of a card) has many short-lived copies in libraries that
// know nothing of wiping; so none of them outlives its owner.

#include <cstdlib>
#include <cstring>
#include <new>

#include <malloc.h>

void* operator new(std::size_t size) {
    if (void* memory = std::malloc(size != 0 ? size : 1); memory != nullptr) {
        return memory;
    }
    throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
    if (memory != nullptr) {
        ::explicit_bzero(memory, ::malloc_usable_size(memory));
        std::free(memory);
    }
}

void operator delete(void* memory, std::size_t) noexcept {
    operator delete(memory);
}
