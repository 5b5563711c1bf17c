#include "tests/virtual/desfire/memory.hpp"

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include <boost/json.hpp>

namespace virtual_card {
namespace {

namespace json = boost::json;

constexpr int format_number = 1;
constexpr std::uint32_t memory_block_bytes = 32;
constexpr std::uint32_t application_blocks = 2;

struct PublishedSignature {
    std::string_view product;  ///< as the names of its profiles begin
    std::string_view uid;
    std::string_view signature;
};

constexpr std::array published_signatures{
    PublishedSignature{"EV1", "042468222F5C80",
                       "B9211E320F321BD1D0E158E10FF15109B389638BAE15D9909D7725BF"
                       "1250ED236D66F1AF75C94D60330E4E92535F5E6997675281A5687173"},
    PublishedSignature{"EV2", "042A41CAE45380",
                       "B2769F8DDB575AEA2A680ADCA8FFED4FAB81A1E9908E2B82FE0FABB6"
                       "97BBD9B23835C416970E75768F12902ACA491349E94E6589EAF4F508"},
    PublishedSignature{"EV2", "045640CAE45380",
                       "D34B53A8C2C100D700DEA1C4C0D0DE4409F3A418CD8D57C4F41F146E"
                       "42AD9A55F014199ABBF5CA259C7799DB0AE20D5E77D4950AC7E95D33"},
    PublishedSignature{"EV3", "04448BD2DB6B80",
                       "5CBB5632795C8F15263FEFB095B51C7B541AFD914A1AE44EF6FB8AF6"
                       "05EDF13DBFEE6C3A2DB372245E671DFE0D42CB1F0D0B8FE67A89D2F6"},
};

std::string_view text_of(const json::value& value) {
    return value.as_string();
}

std::string_view name_of(KeyType type) {
    switch (type) {
        case KeyType::des:
            return "DES";
        case KeyType::tdes3k:
            return "3K3DES";
        case KeyType::aes:
            break;
    }
    return "AES";
}

std::string_view name_of(CommMode mode) {
    switch (mode) {
        case CommMode::plain:
            return "plain";
        case CommMode::mac:
            return "mac";
        case CommMode::full:
            break;
    }
    return "full";
}

std::string_view name_of(FileType type) {
    return type == FileType::backup ? "backup" : "standard";
}

template <typename Enum, std::size_t N>
Enum enum_named(std::string_view name, const std::array<Enum, N>& choices) {
    for (const Enum choice : choices) {
        if (name_of(choice) == name) {
            return choice;
        }
    }
    throw std::invalid_argument("unknown word: " + std::string(name));
}

KeyType key_type_named(std::string_view name) {
    return enum_named(name, std::array{KeyType::des, KeyType::tdes3k, KeyType::aes});
}

std::string byte_hex(std::uint8_t byte) {
    return to_hex(ByteView(&byte, 1));
}

Bytes bytes_of(const json::value& value, std::size_t length) {
    Bytes bytes = from_hex(text_of(value));
    if (bytes.size() != length) {
        throw std::invalid_argument("hex text of " + std::to_string(bytes.size()) + " bytes, not " +
                                    std::to_string(length));
    }
    return bytes;
}

std::uint8_t byte_of(const json::value& value) {
    return bytes_of(value, 1)[0];
}

json::object json_of(const Key& key) {
    return {{"value", to_hex(key.value)}, {"version", byte_hex(key.version)}};
}

Key key_of(const json::object& object, KeyType type) {
    return {bytes_of(object.at("value"), key_length(type)), byte_of(object.at("version"))};
}

json::object json_of(const File& file) {
    const std::array<std::uint8_t, 2> rights{static_cast<std::uint8_t>(file.access_rights >> 8U),
                                             static_cast<std::uint8_t>(file.access_rights & 0xFFU)};
    return {{"number", file.number},      {"type", name_of(file.type)},
            {"comm", name_of(file.comm)}, {"access_rights", to_hex(rights)},
            {"size", file.data.size()},   {"data", to_hex(file.data)}};
}

File file_of(const json::object& object) {
    File file;
    file.number = object.at("number").to_number<std::uint8_t>();
    file.type =
        enum_named(text_of(object.at("type")), std::array{FileType::standard, FileType::backup});
    file.comm = enum_named(text_of(object.at("comm")),
                           std::array{CommMode::plain, CommMode::mac, CommMode::full});
    const Bytes rights = bytes_of(object.at("access_rights"), 2);
    file.access_rights = static_cast<std::uint16_t>((rights[0] << 8U) | rights[1]);
    file.data = bytes_of(object.at("data"), object.at("size").to_number<std::size_t>());
    return file;
}

json::object json_of(const Application& application) {
    json::array keys;
    for (const Key& key : application.keys) {
        keys.push_back(json_of(key));
    }
    json::array files;
    for (const File& file : application.files) {
        files.push_back(json_of(file));
    }
    return {{"aid", to_hex(application.aid)},
            {"settings", byte_hex(application.settings)},
            {"key_type", name_of(application.key_type)},
            {"keys", std::move(keys)},
            {"files", std::move(files)}};
}

Application application_of(const json::object& object) {
    Application application;
    const Bytes aid = bytes_of(object.at("aid"), application.aid.size());
    std::copy(aid.begin(), aid.end(), application.aid.begin());
    application.settings = byte_of(object.at("settings"));
    application.key_type = key_type_named(text_of(object.at("key_type")));
    for (const json::value& key : object.at("keys").as_array()) {
        application.keys.push_back(key_of(key.as_object(), application.key_type));
    }
    for (const json::value& file : object.at("files").as_array()) {
        application.files.push_back(file_of(file.as_object()));
    }
    return application;
}

json::object json_of(const CardMemory& memory) {
    json::array applications;
    for (const Application& application : memory.applications) {
        applications.push_back(json_of(application));
    }
    return {{"format", format_number},
            {"chip", memory.profile.name},
            {"uid", to_hex(memory.uid)},
            {"signature", memory.signature ? json::value(to_hex(*memory.signature)) : nullptr},
            {"picc",
             {{"settings", byte_hex(memory.picc_settings)},
              {"key_type", name_of(memory.picc_key_type)},
              {"key", json_of(memory.picc_key)}}},
            {"used_bytes", memory.used_bytes},
            {"rollback_pending", memory.rollback_pending},
            {"applications", std::move(applications)}};
}

CardMemory memory_of(const json::object& object) {
    if (object.at("format").to_number<int>() != format_number) {
        throw std::invalid_argument("unknown format number");
    }
    CardMemory memory;
    memory.profile = profile_named(text_of(object.at("chip")));
    memory.uid = bytes_of(object.at("uid"), uid_bytes);
    if (!object.at("signature").is_null()) {
        memory.signature = bytes_of(object.at("signature"), signature_bytes);
    }
    const json::object& picc = object.at("picc").as_object();
    memory.picc_settings = byte_of(picc.at("settings"));
    memory.picc_key_type = key_type_named(text_of(picc.at("key_type")));
    memory.picc_key = key_of(picc.at("key").as_object(), memory.picc_key_type);
    memory.used_bytes = object.at("used_bytes").to_number<std::uint32_t>();
    if (memory.used_bytes > memory.profile.memory_bytes) {
        throw std::invalid_argument("more bytes used than the chip has");
    }
    memory.rollback_pending = object.at("rollback_pending").as_bool();
    for (const json::value& application : object.at("applications").as_array()) {
        memory.applications.push_back(application_of(application.as_object()));
    }
    return memory;
}

template <typename Found, typename Memory>
Found* file_in(Memory& memory, const Aid& aid, std::uint8_t number) {
    for (auto& application : memory.applications) {
        for (auto& file : application.files) {
            if (application.aid == aid && file.number == number) {
                return &file;
            }
        }
    }
    return nullptr;
}

}  // namespace

File* find_file(CardMemory& memory, const Aid& aid, std::uint8_t number) {
    return file_in<File>(memory, aid, number);
}

const File* find_file(const CardMemory& memory, const Aid& aid, std::uint8_t number) {
    return file_in<const File>(memory, aid, number);
}

std::uint32_t free_bytes(const CardMemory& memory) {
    return memory.profile.memory_bytes - memory.used_bytes;
}

std::uint32_t application_cost(KeyType type, std::size_t keys) {
    const std::size_t key_bytes = round_up(keys * (key_length(type) + 1), memory_block_bytes);
    return application_blocks * memory_block_bytes + static_cast<std::uint32_t>(key_bytes);
}

std::uint32_t file_cost(FileType type, std::size_t size) {
    const std::size_t copies = type == FileType::backup ? 2 : 1;
    return static_cast<std::uint32_t>(memory_block_bytes +
                                      copies * round_up(size, memory_block_bytes));
}

Key zero_key(KeyType type) {
    return {Bytes(key_length(type), 0), 0};
}

CardMemory factory_card(ByteView uid, const ChipProfile& profile) {
    if (uid.size() != uid_bytes) {
        throw std::invalid_argument("a UID has " + std::to_string(uid_bytes) + " bytes");
    }
    CardMemory memory;
    memory.profile = profile;
    memory.uid.assign(uid.begin(), uid.end());
    memory.picc_key = zero_key(memory.picc_key_type);
    for (const PublishedSignature& published : published_signatures) {
        if (from_hex(published.uid) == memory.uid) {
            memory.signature = from_hex(published.signature);
        }
    }
    return memory;
}

Bytes genuine_uid(std::size_t n, const ChipProfile& profile) {
    std::size_t passed = 0;
    for (const PublishedSignature& published : published_signatures) {
        if (profile.originality_signature && profile.name.starts_with(published.product) &&
            passed++ == n) {
            return from_hex(published.uid);
        }
    }
    throw std::out_of_range("for " + profile.name + " " + std::to_string(passed) +
                            " signatures are published, counted from 0");
}

CardMemory load_memory(const std::filesystem::path& path) {
    std::ifstream in(path);
    if (!in) {
        throw std::runtime_error(path.string() + ": cannot be read");
    }
    std::ostringstream text;
    text << in.rdbuf();
    try {
        return memory_of(json::parse(text.str()).as_object());
    } catch (const std::exception& error) {
        throw std::runtime_error(path.string() + ": " + error.what());
    }
}

void save_memory(const CardMemory& memory, const std::filesystem::path& path) {
    const std::filesystem::path fresh = path.string() + ".new";
    {
        std::ofstream out(fresh, std::ios::trunc);
        out << json::serialize(json_of(memory)) << '\n';
        out.close();
        if (!out) {
            throw std::runtime_error(fresh.string() + ": cannot be written");
        }
    }
    if (std::rename(fresh.c_str(), path.c_str()) != 0) {
        throw std::runtime_error(path.string() + ": cannot be replaced");
    }
}

}  // namespace virtual_card
