"""As much of C++ as the house rules need: brackets, statements and bodies, found without a parser."""
import re
from typing import Iterator, NamedTuple

LITERAL = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|R"(?P<fence>[^()\\\s]{0,16})\(.*?\)(?P=fence)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![\w'])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)
CLOSERS = {')': '(', ']': '[', '}': '{'}
CONTROL = re.compile(r'(?:\b(?:if|while|for|switch|catch)\b|\bif\s+constexpr)\s*$')
SCOPE = re.compile(r'\b(?:namespace|class|struct|union|enum|extern)\b')
TRAILING_RETURN = re.compile(r'->\s*[\w:<>,\s*&]+$')
# What may stand before a co_await that is a statement: labels and unbraced control.
LEADING = re.compile(r'^(?:(?:else|do)\b\s*|(?:case\b[^:?]*|default\s*|\w+\s*):(?!:)\s*|\(void\)\s*)+')
TARGET = re.compile(r'^(?!.*\b(?:return|co_return|throw|co_yield)\b)[\w:<>,&*\s.\[\]()-]*[\w\])]\s*=$',
                    re.DOTALL)
BINARY = re.compile(r'\?|&&|\|\||\s(?:[-+*/%^|<>]|[=!<>]=|<<|>>)\s')


def mask(text: str) -> str:
    """The text with comments and the insides of literals blanked; every offset stays."""
    def blank(match: re.Match) -> str:
        found = match.group()
        if found[0] == '/':
            return re.sub(r'[^\n]', ' ', found)
        return found[0] + re.sub(r'[^\n]', ' ', found[1:-1]) + found[-1]
    return LITERAL.sub(blank, text)


def line_of(text: str, offset: int) -> int:
    return text.count('\n', 0, offset) + 1


class Open(NamedTuple):
    """A bracket that is open: its kind, where it is, and where the statement it stands in began."""
    kind: str
    at: int
    statement: int


def is_block(masked: str, opened: Open) -> bool:
    """Whether a brace holds statements, not initialisers."""
    before = masked[opened.statement:opened.at].rstrip()
    if not before or before[-1] in ');]:':
        return True
    if re.search(r'\b(?:else|do|try|const|noexcept|override|final|mutable)$', before):
        return True
    return bool(SCOPE.search(before)) or bool(TRAILING_RETURN.search(before))


def without_control(prefix: str) -> str:
    """`if (...) rest` and the like, cut down to the rest."""
    while True:
        cut = LEADING.sub('', prefix)
        head = re.match(r'(?:if(?:\s+constexpr)?|while|for)\s*\(', cut)
        if head:
            depth, at = 1, head.end()
            while at < len(cut) and depth:
                depth += {'(': 1, ')': -1}.get(cut[at], 0)
                at += 1
            cut = cut[at:].lstrip()
        if cut == prefix:
            return cut
        prefix = cut


def after_co_await(masked: str, at: int) -> str | None:
    """What is wrong from a co_await to the end of its statement."""
    depth = 0
    flat = []
    for offset in range(at + len('co_await'), len(masked)):
        letter = masked[offset]
        if letter == '{':
            return 'a temporary or lambda with braces inside a co_await: give it a name first'
        if letter in '([':
            depth += 1
        elif letter in CLOSERS:
            if depth == 0:
                return 'a co_await that is no statement of its own'
            depth -= 1
        elif letter == ';' and depth == 0:
            if BINARY.search(''.join(flat)):
                return 'a co_await as an operand: give its result a name first'
            return None
        elif depth == 0:
            flat.append(letter)
    return 'a co_await without an end'


def wrong_co_await(masked: str, at: int, enclosing: Open | None, statement: int) -> str | None:
    if enclosing and (enclosing.kind != '{' or not is_block(masked, enclosing)):
        return 'a co_await inside brackets: initialise a variable with it first'
    prefix = without_control(masked[statement:at].strip())
    if prefix and not TARGET.match(prefix):
        return 'a co_await is a statement, or all that initialises or sets a variable'
    return after_co_await(masked, at)


TOKEN = re.compile(r'[()\[\]{};]|\bco_await\b|\b(?:public|private|protected)\s*:|^[ \t]*#(?:\\\n|[^\n])*',
                   re.MULTILINE)


def walk(masked: str) -> Iterator[tuple[re.Match, list[Open], int]]:
    """Every token of interest with the brackets open before it and where its statement began."""
    stack: list[Open] = []
    starts = [0]
    for token in TOKEN.finditer(masked):
        yield token, stack, starts[-1]
        letter = token.group()
        if letter in '([{':
            stack.append(Open(letter, token.start(), starts[-1]))
            starts.append(token.end())
        elif letter in CLOSERS:
            block = False
            if stack and stack[-1].kind == CLOSERS[letter]:
                closed = stack.pop()
                starts.pop()
                block = closed.kind == '{' and is_block(masked, closed)
            # A lambda's body ends no statement: its brackets are still open around it, or `;` follows.
            follows = masked[token.end():].lstrip()[:1]
            if block and follows not in (';', ',', ')', '('):
                starts[-1] = token.end()
        elif letter == 'co_await':
            continue
        else:
            starts[-1] = token.end()


def co_await_shapes(masked: str) -> Iterator[tuple[int, str]]:
    """The co_awaits that g++ 12 may miscompile: double frees and wrong values at run time."""
    for token, stack, statement in walk(masked):
        if token.group() == 'co_await':
            wrong = wrong_co_await(masked, token.start(), stack[-1] if stack else None, statement)
            if wrong:
                yield line_of(masked, token.start()), wrong


def long_functions(masked: str, most: int) -> Iterator[tuple[int, int]]:
    """Bodies of functions with more than `most` lines, brace to brace."""
    for token, stack, _ in walk(masked):
        if token.group() != '}' or not stack or stack[-1].kind != '{':
            continue
        outer = [masked[open.statement:open.at] for open in stack[:-1]]
        head = masked[stack[-1].statement:stack[-1].at]
        inside_scope = all(SCOPE.search(text) and '(' not in text for text in outer)
        if not inside_scope or '(' not in head or re.search(r'[^=!<>]=\s*$', head):
            continue
        first, last = line_of(masked, stack[-1].at), line_of(masked, token.start())
        if last - first + 1 > most:
            yield first, last - first + 1
