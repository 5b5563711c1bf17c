#include "cardformat/base/result.hpp"

namespace card {

std::string_view name(Fault fault) {
    switch (fault) {
        case Fault::present_same_card_again:
            return "present_same_card_again";
        case Fault::use_another_card:
            return "use_another_card";
        case Fault::set_card_aside:
            return "set_card_aside";
        case Fault::scrap_card:
            return "scrap_card";
        case Fault::wait_for_reader:
            return "wait_for_reader";
        case Fault::start_pcscd:
            return "start_pcscd";
        case Fault::grant_reader_access:
            return "grant_reader_access";
        case Fault::restart_worker:
            return "restart_worker";
        case Fault::retry_later:
            return "retry_later";
        case Fault::follow_refusal:
            return "follow_refusal";
        case Fault::correct_input:
            return "correct_input";
        case Fault::correct_configuration:
            return "correct_configuration";
        case Fault::insert_key_token:
            return "insert_key_token";
        case Fault::correct_token_pin:
            return "correct_token_pin";
        case Fault::unlock_key_token:
            return "unlock_key_token";
        case Fault::stop_station:
            return "stop_station";
        case Fault::report_defect:
            return "report_defect";
    }
    return "report_defect";
}

}  // namespace card
