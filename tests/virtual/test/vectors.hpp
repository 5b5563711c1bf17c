#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "tests/virtual/desfire/bytes.hpp"

// Published vectors and recorded conversations with real chips: reading them, and what each
// category of them says about the card.

namespace virtual_card::test {

namespace json = boost::json;

struct VectorFile {
    std::string name;
    std::vector<json::object> vectors;  ///< none: the file holds something else
};

/// Every JSON file of the folder that PASS_VECTORS names, or of the repository's own. Throws
/// std::runtime_error with the file's name where one cannot be read.
std::vector<VectorFile> vector_files();

/// True if the folder is the repository's own.
bool vectors_are_our_own();

bool has(const json::object& vector, std::string_view field);
std::string text(const json::object& vector, std::string_view field);
Bytes bytes(const json::object& vector, std::string_view field);

/// Holds the card against one vector. False: there is no code for a vector of this form.
using VectorCheck = bool (*)(const json::object& vector, const std::vector<json::object>& all);

/// The check for a category, or nullptr.
VectorCheck check_for(std::string_view category);
/// Every category there is a check for.
std::vector<std::string_view> known_categories();

// By what they are about.
bool check_cmac(const json::object& vector, const std::vector<json::object>& all);
bool check_crc(const json::object& vector, const std::vector<json::object>& all);
bool check_originality(const json::object& vector, const std::vector<json::object>& all);
bool check_behaviour(const json::object& vector, const std::vector<json::object>& all);
bool check_ev1_authentication(const json::object& vector, const std::vector<json::object>& all);
bool check_ev1_key_change(const json::object& vector, const std::vector<json::object>& all);
bool check_ev1_session(const json::object& vector, const std::vector<json::object>& all);
bool check_ev1_message(const json::object& vector, const std::vector<json::object>& all);
bool check_ev2_first(const json::object& vector, const std::vector<json::object>& all);
bool check_ev2_non_first(const json::object& vector, const std::vector<json::object>& all);
bool check_ev2_session_keys(const json::object& vector, const std::vector<json::object>& all);
bool check_ev2_iv(const json::object& vector, const std::vector<json::object>& all);
bool check_ev2_full(const json::object& vector, const std::vector<json::object>& all);
bool check_ev2_key_change(const json::object& vector, const std::vector<json::object>& all);
bool check_ev2_mac(const json::object& vector, const std::vector<json::object>& all);
bool check_ev2_plain(const json::object& vector, const std::vector<json::object>& all);

}  // namespace virtual_card::test
