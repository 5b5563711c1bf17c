"""The house rules that no compiler checks. Run it to see what breaks one; README.md has the reasons.

    /usr/bin/python3 tests/tidy/house_rules.py [FILE...]
"""
import pathlib
import re
import sys
from typing import Iterator, NamedTuple

import arrows
import cxx

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = 'tests/tidy/samples'
# Broken on purpose, or octets as they are.
SKIPPED_PATHS = {SAMPLES, 'tests/fuzz/seeds'}
SKIPPED_FOLDERS = {'.git', '.cache', 'build', '__pycache__'}
CXX = {'.hpp', '.cpp'}
TEXT = CXX | {'.py', '.sh', '.md', '.txt', '.json', '.yaml', '.sql', '.toml', '.csv', '.cmake',
              '.service', '.rules', '.conf', ''}
# Tables of Markdown and data are as wide as their content.
COLUMNS_COUNT = CXX | {'.py', '.sh', '.sql', '.cmake', ''}
MAX_COLUMNS = 110  # clang-format keeps C++ at 100
MAX_FUNCTION_LINES = 75

# Where one type's octets are another's: C interfaces that want or give unsigned char.
REINTERPRETS = {
    'cardformat/base/bytes.hpp',  # text as octets
    'sync/sqlite/sqlite.cpp',     # SQLite's strings are unsigned char
}

BANNED = [
    ('print', re.compile(r'\bstd::cout\b|(?<!\w)printf\s*\('),
     'only main programs and tests print; a module returns text or reports an event'),
    ('using-namespace-std', re.compile(r'\busing\s+namespace\s+std\s*;'), 'name what you use'),
    ('reinterpret', re.compile(r'\breinterpret_cast\b'),
     'convert with as_bytes or memcpy; the few files that need it are listed in house_rules.py'),
    ('type-name', re.compile(
        r'\b(?:class|struct|enum|union|using)\s+(?:class\s+)?\w*(?:Manager|Helper|Util)\w*'),
     'say what the type does, not that it helps'),
]
# Split, so that this file does not break its own rules.
UNFINISHED = re.compile(r'\b(?:TO' r'DO|FIX' r'ME|X' r'XX)\b')
MACHINE = re.compile(
    r'(?<![\w.}/*-])/(?:root|work|home)(?![\w-])|\b(?:pypi\.org|pythonhosted\.org|npmjs\.org|crates\.io|'
    r'proxy\.golang\.org|rubygems\.org|anaconda\.org|deb\.debian\.org)\b')


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    why: str

    def __str__(self) -> str:
        return f'{self.path}:{self.line}: {self.why} [{self.rule}]'


def text_rules(path: str, text: str) -> Iterator[Finding]:
    suffix = pathlib.PurePath(path).suffix
    for number, line in enumerate(text.split('\n'), 1):
        if '\t' in line:
            yield Finding(path, number, 'tab', 'indent with spaces')
        if line != line.rstrip():
            yield Finding(path, number, 'trailing-blank', 'blank at the end of the line')
        if suffix in COLUMNS_COUNT and len(line) > MAX_COLUMNS:
            yield Finding(path, number, 'columns', f'{len(line)} columns, {MAX_COLUMNS} fit')
        if UNFINISHED.search(line):
            yield Finding(path, number, 'unfinished', 'finish it, or write an issue')
        if MACHINE.search(line):
            yield Finding(path, number, 'machine', 'a name of one machine, or of a package registry')
    if text and not text.endswith('\n'):
        yield Finding(path, text.count('\n') + 1, 'final-newline', 'no newline at the end')


def banned_words(path: str, masked: str) -> Iterator[Finding]:
    test = path.startswith('tests/')
    allowed = {'print': test or re.search(r'\bint main\(', masked),
               'reinterpret': test or path in REINTERPRETS}
    for rule, pattern, why in BANNED:
        if not allowed.get(rule):
            for match in pattern.finditer(masked):
                yield Finding(path, cxx.line_of(masked, match.start()), rule, why)


def cxx_rules(path: str, text: str) -> Iterator[Finding]:
    masked = cxx.mask(text)
    yield from banned_words(path, masked)
    for line, why in cxx.co_await_shapes(masked):
        yield Finding(path, line, 'co_await', why)
    for line, length in cxx.long_functions(masked, MAX_FUNCTION_LINES):
        yield Finding(path, line, 'function-length',
                      f'a function of {length} lines, {MAX_FUNCTION_LINES} are allowed')
    for line, why in arrows.forbidden_includes(path, text):
        yield Finding(path, line, 'include', why)
    if path.endswith('.hpp') and not re.search(r'^#pragma once$', text, re.MULTILINE):
        yield Finding(path, 1, 'pragma-once', 'a header without #pragma once')


def check_text(path: str, text: str) -> list[Finding]:
    """What breaks a rule in a text that is, or pretends to be, the file of this path."""
    found = list(text_rules(path, text))
    if pathlib.PurePath(path).suffix in CXX:
        found += cxx_rules(path, text)
    return sorted(found)


def files(root: pathlib.Path) -> Iterator[str]:
    for entry in sorted(root.iterdir()):
        path = entry.relative_to(ROOT).as_posix()
        if entry.is_symlink() or path in SKIPPED_PATHS:
            continue
        if entry.is_dir():
            if entry.name not in SKIPPED_FOLDERS:
                yield from files(entry)
        elif entry.suffix in TEXT:
            yield path


def check_tree() -> list[Finding]:
    found = []
    for path in files(ROOT):
        try:
            text = (ROOT / path).read_text(encoding='utf-8')
        except UnicodeDecodeError:
            continue
        found += check_text(path, text)
    for module in arrows.modules(ROOT):
        if not (ROOT / module.path / 'README.md').is_file():
            found.append(Finding(module.path, 1, 'readme', 'a module without a README.md'))
    found += [Finding('tests/tidy/arrows.py', 1, 'arrow', why) for why in arrows.disagreements(ROOT)]
    return found


def main() -> int:
    found = []
    for name in sys.argv[1:]:
        path = pathlib.Path(name).resolve()
        found += check_text(path.relative_to(ROOT).as_posix(), path.read_text(encoding='utf-8'))
    if len(sys.argv) == 1:
        found = check_tree()
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
