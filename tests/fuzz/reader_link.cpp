// A stream cut into frames: cutting it elsewhere gives the same frames, and whatever decodes is
// encoded as it came.
#include "fuzz.hpp"

#include "reader/link/messages.hpp"

using namespace card;
using namespace card::reader;

namespace {

/// All frames' contents up to the first failure, fed in pieces of `step` octets.
std::vector<Bytes> frames_of(BytesView stream, std::size_t step) {
    FrameReader reader;
    std::vector<Bytes> frames;
    while (!stream.empty()) {
        reader.feed(stream.first(std::min(step, stream.size())));
        stream = stream.subspan(std::min(step, stream.size()));
        for (auto frame = reader.next(); !frame || *frame; frame = reader.next()) {
            if (!frame) {
                return frames;
            }
            frames.push_back(std::move(**frame));
        }
    }
    return frames;
}

template <class Message>
void same_octets(const Result<Message>& message, const Bytes& content) {
    if (message) {
        const Bytes framed = encode(*message);
        require(equal_in_constant_time(BytesView(framed).subspan(2), content));
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::vector<Bytes> frames = frames_of({data, size}, size);
    require(frames == frames_of({data, size}, 1) && frames == frames_of({data, size}, 7));
    for (const Bytes& content : frames) {
        same_octets(decode_to_worker(content), content);
        same_octets(decode_from_worker(content), content);
        (void)decode_from_lister(content);
    }
    (void)decode_from_worker({data, size});
    (void)decode_to_worker({data, size});
    return 0;
}
