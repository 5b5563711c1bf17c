#include "station/cardtool/card_commands.hpp"

#include <chrono>
#include <sstream>

#include <boost/json/array.hpp>

#include "station/cardtool/card_call.hpp"
#include "station/cardtool/gate.hpp"

namespace card::cardtool {
namespace {

namespace json = boost::json;

BusinessDay today() {
    return BusinessDay::of(
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
}

Exit readers(const Invocation& invocation) {
    if (!own_options(invocation, {}, {})) {
        return Exit::usage;
    }
    const auto found = find_readers();
    if (!found) {
        return tell(invocation, found.error());
    }
    std::string text;
    json::array names;
    for (const reader::ListedReader& reader : *found) {
        text += reader.name + (reader.held ? "  (another program holds it)" : "") + "\n";
        names.push_back(json::object{{"name", reader.name}, {"held", reader.held}});
    }
    return tell(invocation, found->empty() ? "There is no reader.\n" : text,
                {{"readers", std::move(names)}});
}

/// What `info` found out.
struct Info {
    desfire::CardSight sight;
    std::optional<KeyGeneration> generation;  ///< of the pass; nothing where there is none
    std::optional<GateVerdict> verdict;       ///< nothing without keys
};

Outcome<Info> look(const Invocation& invocation,
                   const boost::program_options::variables_map& given) {
    const auto frame = frame_of(given);
    if (!frame) {
        return tl::make_unexpected(frame.error());
    }
    std::unique_ptr<Vault> vault;
    if (invocation.keys) {
        auto opened = open_keys(invocation);
        if (!opened) {
            return tl::make_unexpected(opened.error());
        }
        vault = std::move(*opened);
    }
    const auto reader = open_card(invocation, given);
    if (!reader) {
        return tl::make_unexpected(reader.error());
    }
    const auto sight = (*reader)->converse(desfire::identify(*frame));
    if (!sight) {
        return stop(sight.error());
    }
    const auto found = find_pass(**reader, sight->presented);
    if (!found) {
        return stop(found.error());
    }
    Info info{*sight, std::nullopt, std::nullopt};
    if (*found) {
        info.generation = (*found)->generation;
    }
    if (vault && *found) {
        SystemRandom random;
        auto verdict = read_and_judge(**reader, *vault, random, found);
        if (!verdict) {
            return stop(verdict.error());
        }
        info.verdict = std::move(*verdict);
    }
    return info;
}

std::string_view life_of(const GateVerdict& verdict) {
    if (const auto* pass = std::get_if<GenuinePass>(&verdict)) {
        return name(pass->life);
    }
    return std::holds_alternative<FalsePass>(verdict) ? "not genuine" : "not of this key store";
}

std::string info_text(const Info& info) {
    const desfire::CardSight& sight = info.sight;
    const unsigned version = sight.picc_key_version.value;
    std::ostringstream text;
    text << "chip         " << sight.presented.chip->name << "\n"
         << "UID          " << sight.presented.uid.hex() << "\n"
         << "originality  " << name(sight.originality) << "\n"
         << "free memory  " << sight.free_memory << " octets\n"
         << "card key     version " << version << (version == 0 ? ", as the factory leaves it" : "")
         << "\n";
    if (!info.generation) {
        text << "pass         none\n";
    } else {
        text << "pass         key generation " << unsigned{info.generation->value} << "\n";
    }
    if (info.verdict) {
        text << "life state   " << life_of(*info.verdict) << "\n";
    }
    return text.str();
}

json::object info_json(const Info& info) {
    json::object object{{"chip", info.sight.presented.chip->name},
                        {"uid", info.sight.presented.uid.hex()},
                        {"originality", name(info.sight.originality)},
                        {"free_memory", info.sight.free_memory},
                        {"card_key_version", info.sight.picc_key_version.value},
                        {"pass_key_generation", nullptr}};
    if (info.generation) {
        object["pass_key_generation"] = info.generation->value;
    }
    if (info.verdict) {
        const auto* pass = std::get_if<GenuinePass>(&*info.verdict);
        object["genuine"] = pass != nullptr;
        object["life_state"] = pass == nullptr ? json::value() : json::value(name(pass->life));
    }
    return object;
}

Exit info(const Invocation& invocation) {
    const auto given = card_options(invocation, [](auto&) {});
    if (!given) {
        return Exit::usage;
    }
    const auto found = look(invocation, *given);
    return found ? tell(invocation, info_text(*found), info_json(*found))
                 : tell(invocation, found.error());
}

/// A card as `verify` read it.
struct Read {
    std::optional<CardUid> uid;  ///< nothing for a chip that no pass is written on
    GateVerdict verdict;
};

Outcome<Read> read(const Invocation& invocation,
                   const boost::program_options::variables_map& given) {
    const auto frame = frame_of(given);
    if (!frame) {
        return tl::make_unexpected(frame.error());
    }
    const auto vault = open_keys(invocation);
    if (!vault) {
        return tl::make_unexpected(vault.error());
    }
    const auto reader = open_card(invocation, given);
    if (!reader) {
        return tl::make_unexpected(reader.error());
    }
    const auto presented = (*reader)->converse(desfire::recognise(*frame));
    if (!presented && presented.error().fault == Fault::use_another_card) {
        return Read{std::nullopt, NotOurs{presented.error().detail}};
    }
    if (!presented) {
        return stop(presented.error());
    }
    SystemRandom random;
    auto verdict = read_and_judge(**reader, **vault, random, find_pass(**reader, *presented));
    if (!verdict) {
        return stop(verdict.error());
    }
    return Read{presented->uid, std::move(*verdict)};
}

/// The words and the object of a verdict, and its exit status.
struct Telling {
    std::string text;
    json::object object;
    Exit exit;
};

struct TellVerdict {
    BusinessDay today;

    Telling operator()(const GenuinePass& pass) const {
        const Validity validity = validity_of(pass.claims, today);
        const bool opens = pass.life == LifeState::active && validity == Validity::valid;
        std::ostringstream text;
        text << (opens ? "GENUINE and active: a gate opens.\n" : "GENUINE, but no gate opens.\n")
             << "life state   " << name(pass.life) << "\n"
             << "pass         " << pass.claims.pass_number.text() << ", in place of "
             << pass.claims.old_pass_number.text() << "\n"
             << "valid        " << pass.claims.valid_from.iso() << " to "
             << pass.claims.valid_to.iso() << words(validity) << "\nport areas   ";
        json::array areas;
        for (const std::string& area : pass.claims.port_areas) {
            text << (areas.empty() ? "" : ", ") << area;
            areas.emplace_back(area);
        }
        text << "\nsigned by    " << pass.claims.issuer << "\n"
             << "keys         generation " << unsigned{pass.generation.value} << "\n";
        return {text.str(),
                {{"verdict", "genuine"},
                 {"opens_gates", opens},
                 {"life_state", name(pass.life)},
                 {"validity", name(validity)},
                 {"pass_number", pass.claims.pass_number.text()},
                 {"old_pass_number", pass.claims.old_pass_number.text()},
                 {"valid_from", pass.claims.valid_from.iso()},
                 {"valid_to", pass.claims.valid_to.iso()},
                 {"port_areas", std::move(areas)},
                 {"issuer", pass.claims.issuer},
                 {"attempt", pass.claims.attempt.value.text()},
                 {"key_generation", pass.generation.value}},
                opens ? Exit::done : Exit::opens_no_gate};
    }
    Telling operator()(const FalsePass& found) const {
        return {"NOT GENUINE: " + found.reason + ".\n",
                {{"verdict", "not_genuine"}, {"opens_gates", false}, {"reason", found.reason}},
                Exit::not_genuine};
    }
    Telling operator()(const NotOurs& found) const {
        return {"NOT OURS: " + found.reason + ".\n",
                {{"verdict", "not_ours"}, {"opens_gates", false}, {"reason", found.reason}},
                Exit::not_ours};
    }

  private:
    static std::string_view words(Validity validity) {
        switch (validity) {
            case Validity::not_yet:
                return ", NOT YET";
            case Validity::expired:
                return ", EXPIRED";
            case Validity::valid:
                break;
        }
        return "";
    }
};

Exit verify(const Invocation& invocation) {
    const auto given = card_options(invocation, [](auto&) {});
    if (!given) {
        return Exit::usage;
    }
    const auto found = read(invocation, *given);
    if (!found) {
        return tell(invocation, found.error());
    }
    Telling telling = std::visit(TellVerdict{today()}, found->verdict);
    if (found->uid) {
        telling.text += "UID          " + found->uid->hex() + "\n";
        telling.object["uid"] = found->uid->hex();
    }
    tell(invocation, telling.text, telling.object);
    return telling.exit;
}

}  // namespace

std::span<const Command> card_commands() {
    static constexpr std::array commands{
        Command{"readers", "", "Lists the readers of the PC/SC service.", readers},
        Command{"info", "[--reader NAME] [--frame OCTETS]",
                "Shows chip, UID, originality and memory of a card, and its life state with "
                "--keys.",
                info},
        Command{"verify", "--keys STORE [--reader NAME] [--frame OCTETS]",
                "Reads a card as a gate does: genuine or not, and whether a gate opens today.",
                verify}};
    return commands;
}

}  // namespace card::cardtool
