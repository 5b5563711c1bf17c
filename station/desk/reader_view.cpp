#include "station/desk/reader_view.hpp"

namespace card::desk {

using namespace observe;

bool note_reader_event(Station& station, ReaderView& view, const reader::ReaderEvent& event) {
    if (std::holds_alternative<reader::ReaderUp>(event)) {
        view.up = true;
        view.stuck = false;
        view.trouble.reset();
        station.log.tell(EventId::reader_up, {reader_field(view.name)});
    } else if (const auto* down = std::get_if<reader::ReaderDown>(&event); down != nullptr) {
        view.up = view.card_present = false;
        view.trouble = down->why;
        station.log.tell(EventId::reader_down, {reader_field(view.name), fault_field(down->why),
                                                detail_field(down->detail)});
    } else if (const auto* lost = std::get_if<reader::WorkerLost>(&event); lost != nullptr) {
        view.up = view.card_present = false;
        view.trouble = Fault::restart_worker;
        view.stuck = view.stuck || lost->hung;
        station.log.tell(EventId::worker_lost,
                         {reader_field(view.name), detail_field(lost->detail)});
    } else if (std::holds_alternative<reader::CardRemoved>(event)) {
        view.card_present = false;
    } else if (std::holds_alternative<reader::CardPresent>(event)) {
        view.card_present = true;
        return true;
    }
    return false;
}

}  // namespace card::desk
