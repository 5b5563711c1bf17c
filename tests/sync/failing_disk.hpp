#pragma once
// A disk under SQLite that fails when a test says so: the default VFS with writes and syncs that
// can be refused.

#include <map>

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
    /// How many syncs there were, of any file that sees this disk.
    static int syncs() { return syncs_; }

  private:
    static bool is_due(What what) {
        syncs_ += what == What::sync ? 1 : 0;
        if (what != what_ || countdown_ <= 0) {
            return false;
        }
        if (--countdown_ == 0) {
            countdown_ = -1;
            return true;
        }
        return false;
    }
    /// What SQLite is given in place of a file's own methods. There are several kinds: a WAL's file
    /// has no shared memory, a database's has.
    struct Methods {
        sqlite3_io_methods ours;
        const sqlite3_io_methods* real;
    };
    static const sqlite3_io_methods& real_of(sqlite3_file* file) {
        return *reinterpret_cast<const Methods*>(file->pMethods)->real;
    }
    static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
        const int code = original_->xOpen(original_, name, file, flags, out);
        if (code == SQLITE_OK && file->pMethods != nullptr) {
            const sqlite3_io_methods* real = file->pMethods;
            Methods& methods = kinds_[real];
            methods = {*real, real};
            methods.ours.xSync = sync;
            methods.ours.xWrite = write;
            file->pMethods = &methods.ours;
        }
        return code;
    }
    static int sync(sqlite3_file* file, int flags) {
        return is_due(What::sync) ? code_ : real_of(file).xSync(file, flags);
    }
    static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
        return is_due(What::write) ? code_ : real_of(file).xWrite(file, data, size, at);
    }

    sqlite3_vfs vfs_{};
    static inline sqlite3_vfs* original_ = nullptr;
    static inline std::map<const sqlite3_io_methods*, Methods> kinds_{};
    static inline What what_ = What::sync;
    static inline int countdown_ = 0;
    static inline int syncs_ = 0;
    static inline int code_ = 0;
};
