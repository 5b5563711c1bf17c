#pragma once
// What is wrong with the readers of this machine, and the line to fix it. Pure.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cardformat/base/result.hpp"
#include "reader/hotplug/reader_address.hpp"

namespace card::doctor {

/// What was seen of the machine.
struct Facts {
    std::vector<reader::NamedBinding> bindings;
    std::map<std::string, reader::NfcConnection> nfc_readers;  ///< by name
    Result<std::vector<reader::ListedReader>> listed;  ///< by pcscd, or why that is not known
    std::vector<reader::UsbDevice> devices;
    std::vector<std::string> closed_nodes;  ///< of those devices: whoever asks may not open them
    bool station_runs = false;
};

enum class Trouble : std::uint8_t {
    pcscd_not_running,
    no_access_to_pcscd,
    worker_unusable,
    reader_missing,
    binding_wrong,
    kernel_driver_in_the_way,
    claimed_by_another_program,
    no_access_to_reader,
    faulty_firmware,
};

/// How a trouble is called in JSON and what people read of it.
struct TroubleWords {
    std::string_view name;
    std::string_view zh;
    std::string_view en;
};
[[nodiscard]] const TroubleWords& words(Trouble trouble);

struct Finding {
    Trouble trouble;
    std::string subject;  ///< which reader, or what was observed
    std::string fix;      ///< the line to type, or to change in the configuration
};

/// Everything that is wrong, the most general first; empty where nothing is.
[[nodiscard]] std::vector<Finding> diagnose(const Facts& facts);

}  // namespace card::doctor
