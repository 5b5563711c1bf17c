"""Who may include whom. The build enforces what the CMakeLists.txt say; this table says what they may
say, so that a new arrow is a decision and shows in a review."""
import pathlib
import re
from typing import Iterator, NamedTuple

# module: the modules it may include. Everything includes cardformat/base; tests include what they
# like; nothing includes station/main or tests.
BASE = 'cardformat/base'
ARROWS = {
    'cardformat/base': [],
    'cardformat/pass': [BASE],
    'cardformat/crypto': [BASE],
    'cardformat/apdu': [BASE],
    'cardformat/desfire': [BASE, 'cardformat/apdu', 'cardformat/crypto'],
    'cardformat/credential': [BASE, 'cardformat/pass', 'cardformat/crypto'],
    'cardformat/vault': [BASE, 'cardformat/crypto', 'cardformat/desfire', 'cardformat/credential'],
    'reader/link': [BASE, 'cardformat/apdu'],
    'reader/hotplug': [BASE, 'reader/link'],
    'reader/usb': [BASE, 'reader/hotplug'],
    'reader/pcsc': [BASE, 'reader/link', 'reader/hotplug', 'reader/usb'],
    'reader/nfc': [BASE, 'reader/link'],
    'reader/worker': [BASE, 'reader/link', 'reader/hotplug', 'reader/usb', 'reader/pcsc',
                      'reader/nfc'],
    'reader/host': [BASE, 'cardformat/apdu', 'reader/link', 'reader/hotplug'],
    'sync/sqlite': [BASE],
    'sync/wire': [BASE, 'cardformat/pass'],
    'sync/http': [BASE],
    'sync/authority': [BASE, 'sync/http'],
    'sync/ledger': [BASE, 'cardformat/pass', 'cardformat/crypto', 'sync/sqlite', 'sync/wire'],
    'sync/uplink': [BASE, 'cardformat/pass', 'cardformat/crypto', 'sync/http', 'sync/wire'],
    'sync/letter': [BASE, 'cardformat/pass'],
    'sync/central': [BASE, 'cardformat/pass', 'cardformat/crypto', 'cardformat/credential',
                     'sync/sqlite', 'sync/wire', 'sync/http', 'sync/letter'],
    # Pure machines: no cryptography, no reader, no network, no ledger.
    'station/issuance': [BASE, 'cardformat/pass'],
    'station/vault': [BASE, 'cardformat/crypto', 'cardformat/credential', 'cardformat/vault'],
    'station/observe': [BASE, 'cardformat/pass', 'station/issuance'],
    'station/config': [BASE, 'cardformat/pass', 'reader/hotplug', 'station/issuance', 'sync/http'],
    'station/doctor': [BASE, 'reader/hotplug', 'reader/host', 'reader/usb', 'station/config'],
    'station/desk': [BASE, 'cardformat/pass', 'cardformat/crypto', 'cardformat/desfire',
                     'cardformat/credential', 'cardformat/vault', 'reader/link', 'reader/host',
                     'sync/ledger', 'sync/uplink', 'station/issuance', 'station/observe',
                     'station/config'],
    'station/console': [BASE, 'station/desk', 'station/observe', 'sync/http'],
    'station/card_files': [BASE, 'cardformat/pass', 'cardformat/desfire'],
    'station/cardtool': [BASE, 'cardformat/pass', 'cardformat/crypto', 'cardformat/desfire',
                         'cardformat/credential', 'cardformat/vault', 'reader/link',
                         'reader/hotplug', 'reader/host', 'station/card_files', 'station/vault'],
    'station/main': [BASE, 'cardformat/crypto', 'station/cardtool', 'station/console',
                     'station/desk', 'station/vault', 'station/observe', 'sync/http', 'reader/host',
                     'reader/usb', 'reader/hotplug', 'station/config', 'station/doctor'],
}

# The start of a library's headers: the modules that may include them. None but these.
LIBRARIES = {
    'winscard.h': ['reader/pcsc', 'tests/bench'],
    'nfc/': ['reader/nfc', 'tests/bench'],
    'libudev.h': ['reader/usb'],
    'sqlite3.h': ['sync/sqlite', 'tests'],
    # Among these, TLS is sync/http's and X.509 is its and sync/authority's.
    'openssl/': ['cardformat/crypto', 'sync/http', 'sync/authority', 'tests/virtual'],
    'cbor.h': ['cardformat/credential'],
    'systemd/': ['station/observe'],
    'prometheus/': ['station/observe'],
    'cairo': ['sync/letter'],
    'pango/': ['sync/letter'],
    'qrencode.h': ['sync/letter'],
    'curl/': ['sync/letter'],
    'toml++/': ['station/config'],
    'tl/': [BASE],
    'boost/beast': ['sync/http'],
    'boost/asio': ['reader/host', 'sync/http', 'sync/uplink', 'sync/central', 'station/desk',
                   'station/doctor', 'station/console', 'station/cardtool', 'station/main', 'tests'],
    'boost/json': ['sync/wire', 'sync/ledger', 'sync/central', 'station/vault', 'station/observe',
                   'station/console', 'station/card_files', 'station/cardtool', 'station/main',
                   'tests'],
    'boost/program_options': ['sync/central', 'station/cardtool', 'station/main', 'tests'],
    'p11-kit/': ['station/vault', 'tests'],
}
ROOTS = ('cardformat', 'reader', 'sync', 'station')
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"\n]+)[>"]', re.MULTILINE)


class Module(NamedTuple):
    """What a CMakeLists.txt says of a module: its arrows to modules, seen by whoever links it or not."""
    path: str
    public: set[str]
    private: set[str]


def module_of(path: str) -> str:
    return '/'.join(path.split('/')[:2])


def forbidden_includes(path: str, text: str) -> Iterator[tuple[int, str]]:
    module = module_of(path)
    for match in INCLUDE.finditer(text):
        wanted = match.group(1)
        line = text.count('\n', 0, match.start(1)) + 1
        if wanted.startswith('../') or '/../' in wanted:
            yield line, f'"{wanted}": an include names the whole path from the top'
        for start, modules in LIBRARIES.items():
            if wanted.startswith(start) and not any(
                    module == one or module.startswith(one + '/') for one in modules):
                yield line, f'{wanted} belongs to {" and ".join(modules) or "no module"}'
        if path.startswith('tests/'):
            continue
        target = module_of(wanted)
        if wanted.startswith('tests/'):
            yield line, f'{wanted}: nothing includes tests'
        elif target.startswith(tuple(root + '/' for root in ROOTS)) and target != module:
            if target not in ARROWS.get(module, []):
                yield line, f'no arrow from {module} to {target}'


def modules(root: pathlib.Path) -> list[Module]:
    """The modules of the CMakeLists.txt, and the programs as part of the module of their folder."""
    names: dict[str, str] = {}
    arrows: dict[str, tuple[set[str], set[str]]] = {}
    calls = []
    for part in ROOTS:
        text = re.sub(r'#.*', '', (root / part / 'CMakeLists.txt').read_text(encoding='utf-8'))
        calls += [(part, kind, body.split())
                  for kind, body in re.findall(r'\bcard_(module|program)\(([^)]*)\)', text)]
    for _, kind, words in calls:
        if kind == 'module':
            names[words[0].replace('/', '_')] = words[0]
    for part, kind, words in calls:
        section, given = '', {'SOURCES': [], 'PUBLIC': [], 'PRIVATE': [], 'LINK': []}
        for word in words[1:]:
            if word in given:
                section = word
            else:
                given[section].append(word)
        path = words[0] if kind == 'module' else module_of(f'{part}/{given["SOURCES"][0]}')
        public, private = arrows.setdefault(path, (set(), set()))
        public.update(names[word] for word in given['PUBLIC'] if word in names)
        private.update(names[word] for word in given['PRIVATE'] + given['LINK'] if word in names)
        private.discard(path)
    return [Module(path, *both) for path, both in sorted(arrows.items())]


def closure(graph: dict[str, Module], start: set[str]) -> set[str]:
    seen: set[str] = set()
    todo = set(start)
    while todo:
        path = todo.pop()
        seen.add(path)
        todo |= graph[path].public - seen
    return seen


def disagreements(root: pathlib.Path) -> Iterator[str]:
    """Where this table, the CMakeLists.txt and the headers contradict one another."""
    graph = {module.path: module for module in modules(root)}
    for path in sorted(set(graph) ^ set(ARROWS)):
        yield f'{path} is a module in the CMakeLists.txt or in the table, but not in both'
    for path, module in graph.items():
        allowed = set(ARROWS.get(path, []))
        for target in sorted((module.public | module.private) - allowed):
            yield f'CMakeLists.txt links {path} to {target}, which the table does not allow'
        for target in sorted(allowed - closure(graph, module.public | module.private)):
            yield f'the table allows {path} to include {target}, which CMakeLists.txt does not link'
        shown = closure(graph, module.public)
        for header in sorted((root / path).glob('**/*.hpp')):
            for wanted in INCLUDE.findall(header.read_text(encoding='utf-8')):
                target = module_of(wanted)
                if target in graph and target != path and target not in shown:
                    name = header.relative_to(root)
                    yield f'{name} includes {wanted}: CMakeLists.txt must say PUBLIC {target}'
