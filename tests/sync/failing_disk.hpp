#pragma once
// A disk under SQLite that fails when a test says so: the default VFS with writes and syncs that
// can be refused.

#include <boost/test/unit_test.hpp>
#include <sqlite3.h>

/// In place from its making to its end; one at a time. Only files opened meanwhile see it.
class FailingDisk {
  public:
    FailingDisk() {
        original_ = sqlite3_vfs_find(nullptr);
        vfs_ = *original_;
        vfs_.zName = "failing";
        vfs_.pNext = nullptr;
        vfs_.xOpen = open;
        BOOST_REQUIRE(sqlite3_vfs_register(&vfs_, 1) == SQLITE_OK);
        countdown_ = 0;
    }
    ~FailingDisk() {
        sqlite3_vfs_unregister(&vfs_);
        sqlite3_vfs_register(original_, 1);
    }
    FailingDisk(const FailingDisk&) = delete;
    FailingDisk& operator=(const FailingDisk&) = delete;

    enum class What { sync, write };
    /// The operation of this number from now on fails with SQLite's code, once.
    static void fail(What what, int number, int code) {
        what_ = what;
        countdown_ = number;
        code_ = code;
    }
    static void recover() { countdown_ = 0; }
    /// Whether the operation that was to fail was reached.
    static bool failed() { return countdown_ < 0; }

  private:
    static bool is_due(What what) {
        if (what != what_ || countdown_ <= 0) {
            return false;
        }
        if (--countdown_ == 0) {
            countdown_ = -1;
            return true;
        }
        return false;
    }
    static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
        const int code = original_->xOpen(original_, name, file, flags, out);
        if (code == SQLITE_OK && file->pMethods != nullptr) {
            real_ = file->pMethods == &methods_ ? real_ : file->pMethods;
            methods_ = *real_;
            methods_.xSync = sync;
            methods_.xWrite = write;
            file->pMethods = &methods_;
        }
        return code;
    }
    static int sync(sqlite3_file* file, int flags) {
        return is_due(What::sync) ? code_ : real_->xSync(file, flags);
    }
    static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
        return is_due(What::write) ? code_ : real_->xWrite(file, data, size, at);
    }

    sqlite3_vfs vfs_{};
    static inline sqlite3_vfs* original_ = nullptr;
    static inline const sqlite3_io_methods* real_ = nullptr;
    static inline sqlite3_io_methods methods_{};
    static inline What what_ = What::sync;
    static inline int countdown_ = 0;
    static inline int code_ = 0;
};
