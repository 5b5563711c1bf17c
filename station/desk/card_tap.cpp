#include "station/desk/card_tap.hpp"

#include "cardformat/credential/state_file.hpp"
#include "cardformat/desfire/counter.hpp"
#include "station/desk/card_session.hpp"

namespace card::desk {

asio::awaitable<Result<std::optional<CardTap>>> read_tap(Station& station,
                                                         reader::ReaderHost& reader,
                                                         std::optional<ExpectedCard> expected) {
    const Result<reader::FrameSize> connected = co_await reader.connect();
    if (!connected) {
        co_return std::nullopt;
    }
    auto identification = desfire::recognise(desfire::FrameLimit::of_frame(connected->value));
    const Result<desfire::PresentedChip> presented =
        co_await drive(reader, std::move(identification));
    if (!presented) {
        co_return std::nullopt;
    }
    CardTap tap{*presented, std::nullopt};
    if (expected && presented->uid != expected->uid) {
        co_return tap;
    }
    auto selection = desfire::select_pass(*presented, station.profile);
    const Result<std::optional<desfire::SelectedPass>> selected =
        co_await drive(reader, std::move(selection));
    if (!selected) {
        co_return std::nullopt;
    }
    if (!*selected) {
        co_return tap;
    }
    KeyGeneration generation = expected ? expected->generation : KeyGeneration{};
    if (generation.value == 0) {
        auto asking = desfire::read_pass_generation(**selected);
        const Result<desfire::KeyVersion> told = co_await drive(reader, std::move(asking));
        if (!told) {
            co_return std::nullopt;
        }
        generation = *told;
    }
    if (generation.value == 0) {
        co_return tap;  // the factory's keys: no pass of ours
    }
    Result<desfire::CardKeys> keys =
        card_keys(station.vault, station.profile, generation, presented->uid);
    if (!keys && !expected && keys.error().fault == Fault::correct_configuration) {
        co_return tap;  // a generation that this station has no keys of
    }
    if (!keys) {
        co_return tl::make_unexpected(std::move(keys.error()));
    }
    auto reading = desfire::read_as_gate(station.random, **selected, std::move(keys->gate_read));
    Result<std::optional<desfire::GateReading>> read = co_await drive(reader, std::move(reading));
    if (!read) {
        co_return std::nullopt;
    }
    if (!*read) {
        co_return tap;
    }
    auto credential = verify_credential((*read)->credential, station.vault.trust_list());
    const auto life = read_state_file((*read)->state, (*read)->credential);
    if (credential && credential->uid == presented->uid && life) {
        tap.pass.emplace(ProvenPass{std::move(*credential), std::move((*read)->credential), *life,
                                    generation, **selected});
    }
    co_return tap;
}

}  // namespace card::desk
