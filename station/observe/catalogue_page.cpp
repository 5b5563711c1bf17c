#include "station/observe/catalogue.hpp"

namespace card::observe {
namespace {

std::string joined(FieldSet fields) {
    std::string text;
    for (const FieldName field : field_names()) {
        if (fields.has(field)) {
            text += (text.empty() ? "`" : ", `") + std::string(name(field)) + "`";
        }
    }
    return text;
}

std::string row(std::initializer_list<std::string_view> cells) {
    std::string text = "|";
    for (const std::string_view cell : cells) {
        text.append(" ").append(cell).append(cell.empty() ? "|" : " |");
    }
    return text + "\n";
}

constexpr std::string_view head =
    "# Events\n\n"
    "Made by `stationd --events` from `station/observe/catalogue.cpp`; change it there.\n\n"
    "Each event is one JSON line on standard output with `ts` (UTC), `event`, `level`, `station` "
    "and\n"
    "the fields below that apply. In the journal the same fields stand in capital letters, with\n"
    "`MESSAGE_ID`, `PRIORITY` and `EVENT_CLASS`. A field that has nothing to say is left out. "
    "Texts "
    "are\n"
    "cut at 1,024 octets. No event tells a name, an ID number, a key or what was scanned.\n\n"
    "## Fields\n\n"
    "| field | what |\n| --- | --- |\n";

}  // namespace

std::string catalogue_page() {
    std::string page(head);
    for (const FieldName field : field_names()) {
        page += row({"`" + std::string(name(field)) + "`", meaning(field)});
    }
    page +=
        "\n## Catalogue\n\n"
        "| event | level | class | fields | meaning | the operator | ops | MESSAGE_ID |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for (const CatalogueEntry& event : catalogue()) {
        const std::string fields = joined(event.fields);
        page +=
            row({"`" + std::string(event.name) + "`", name(event.level), name(event.event_class),
                 fields, event.meaning, event.operator_does, event.ops_do, event.message_id});
    }
    return page;
}

}  // namespace card::observe
