#pragma once
// A reader of the PC/SC service as a worker's back end.

#include <deque>

#include "reader/hotplug/binding.hpp"
#include "reader/pcsc/pcsc_reader.hpp"
#include "reader/worker/backend.hpp"
#include "reader/worker/card_watch.hpp"

namespace card::reader {

class PcscBackend final : public Backend {
  public:
    explicit PcscBackend(const PcscBinding& binding)
        : reader_(binding), watch_(describe(binding)) {}

    [[nodiscard]] std::optional<FromWorker> next_event() override;
    void interrupt() override { reader_.interrupt(); }
    [[nodiscard]] Result<void> connect() override;
    [[nodiscard]] Result<Bytes> transmit(BytesView apdu) override { return reader_.transmit(apdu); }
    void disconnect(Disposition disposition) override { reader_.disconnect(disposition); }

  private:
    PcscReader reader_;
    CardWatch watch_;
    std::deque<FromWorker> events_;
};

}  // namespace card::reader
