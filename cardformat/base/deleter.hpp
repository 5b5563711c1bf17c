#pragma once
// Ownership of what a C library gives: std::unique_ptr<BIO, Deleter<BIO_free_all>>.

namespace card {

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};

}  // namespace card
