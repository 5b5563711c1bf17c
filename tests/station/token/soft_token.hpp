#pragma once
// A SoftHSM token of a test's own, in a folder of its own. The tokens' folder is made once in a
// process and copied for each test.

#include <filesystem>
#include <optional>
#include <string>

#include "station/vault/key_name.hpp"
#include "tests/station/token/faulty_module.hpp"

namespace soft_token {

/// How an object is to differ from what the vault makes.
struct Flaws {
    bool sensitive = true;
    bool extractable = false;
    bool is_private = true;
    bool signs = true;
};

class SoftToken {
  public:
    enum class Content { blank, keys_of_generation_one };

    explicit SoftToken(Content content = Content::keys_of_generation_one);
    SoftToken(const SoftToken&) = delete;
    SoftToken& operator=(const SoftToken&) = delete;
    ~SoftToken();

    /// Through the faulty module, or SoftHSM itself.
    [[nodiscard]] std::string uri() const { return uri_of(FAULTY_MODULE); }
    [[nodiscard]] std::string direct_uri() const { return uri_of(SOFTHSM_MODULE); }
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
    void write_pin(std::string_view pin) const;

    /// Every object of this label: the number of them.
    std::size_t remove(const std::string& label) const;
    void remove_public(const std::string& label) const;
    void import_aes(const std::string& label, card::BytesView value, Flaws flaws = {}) const;
    /// A public key alone.
    void import_public(const std::string& label, const card::P256Point& point) const;
    void make_key_pair(const std::string& label, Flaws flaws = {}) const;
    /// A second token beside the first, with the same label.
    void add_twin() const;

  private:
    [[nodiscard]] std::string uri_of(const std::string& module) const;

    std::filesystem::path folder_;
};

}  // namespace soft_token
