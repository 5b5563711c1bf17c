#include "tests/virtual/test/vectors.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace virtual_card::test {
namespace {

constexpr std::array<std::pair<std::string_view, VectorCheck>, 18> checks{{
    {"aes-cmac", check_cmac},
    {"crc", check_crc},
    {"originality-ecdsa", check_originality},
    {"behaviour", check_behaviour},
    {"ev1-auth-aes", check_ev1_authentication},
    {"ev1-auth-iso-des", check_ev1_authentication},
    {"ev1-changekey-aes", check_ev1_key_change},
    {"ev1-changekey-des", check_ev1_key_change},
    {"ev1-secure-messaging", check_ev1_session},
    {"ev1-secure-messaging-real", check_ev1_message},
    {"ev2-auth-first", check_ev2_first},
    {"ev2-auth-nonfirst", check_ev2_non_first},
    {"ev2-keys", check_ev2_session_keys},
    {"ev2-iv", check_ev2_iv},
    {"ev2-full", check_ev2_full},
    {"ev2-changekey", check_ev2_key_change},
    {"ev2-mac", check_ev2_mac},
    {"ev2-plain", check_ev2_plain},
}};

std::optional<std::string> wanted_folder() {
    const char* const value = std::getenv("PASS_VECTORS");  // NOLINT(concurrency-mt-unsafe)
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

VectorFile file_at(const std::filesystem::path& path) {
    std::ostringstream content;
    content << std::ifstream(path).rdbuf();
    VectorFile file{path.filename().string(), {}};
    try {
        const json::value root = json::parse(content.str());
        const json::value* list = &root;
        if (root.is_object()) {
            list = root.as_object().if_contains("vectors");
        }
        if (list != nullptr && list->is_array()) {
            for (const json::value& vector : list->as_array()) {
                file.vectors.push_back(vector.as_object());
            }
        }
    } catch (const std::exception& error) {
        throw std::runtime_error(path.string() + ": " + error.what());
    }
    return file;
}

}  // namespace

bool vectors_are_our_own() {
    return !wanted_folder().has_value();
}

std::vector<VectorFile> vector_files() {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry :
         std::filesystem::directory_iterator(wanted_folder().value_or(VECTORS_DIR))) {
        if (entry.path().extension() == ".json") {
            paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    std::vector<VectorFile> files;
    for (const std::filesystem::path& path : paths) {
        files.push_back(file_at(path));
    }
    return files;
}

bool has(const json::object& vector, std::string_view field) {
    return vector.contains(field);
}

std::string text(const json::object& vector, std::string_view field) {
    return std::string(vector.at(field).as_string());
}

Bytes bytes(const json::object& vector, std::string_view field) {
    return from_hex(std::string_view(vector.at(field).as_string()));
}

VectorCheck check_for(std::string_view category) {
    for (const auto& [name, check] : checks) {
        if (name == category) {
            return check;
        }
    }
    return nullptr;
}

std::vector<std::string_view> known_categories() {
    std::vector<std::string_view> names;
    for (const auto& [name, check] : checks) {
        names.push_back(name);
    }
    return names;
}

}  // namespace virtual_card::test
