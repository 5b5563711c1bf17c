"""Texts and keys that must not be where they do not belong."""

import base64
import json
import mmap
import pathlib
import re
import urllib.parse

PROMISE = "no forbidden text and no key is in a log or a database"


def disguises(text):
    """The ways in which a text may stand in a file, by name."""
    plain = text.encode()
    ways = {"UTF-8": plain, "UTF-16LE": text.encode("utf-16-le"), "UTF-16BE": text.encode("utf-16-be"),
            "JSON escapes": json.dumps(text)[1:-1].encode(),
            "percent encoding": urllib.parse.quote(text, safe="").encode()}
    if len(plain) > 3:  # a shorter one is in anything
        ways |= as_hex(plain) | as_base64(plain)
    try:
        ways["Big5"] = text.encode("big5")
    except UnicodeEncodeError:
        pass
    return ways


def as_hex(octets):
    return {"hex": octets.hex().encode(), "capital hex": octets.hex().upper().encode()}


def as_base64(octets):
    """As it stands in the base64 of something longer, at each of the three places it can begin."""
    ways = {}
    for before in range(3):
        # Whole groups of three octets, without the group that something before has a part in.
        skipped = (3 - before) % 3
        inner = octets[skipped:skipped + (len(octets) - skipped) // 3 * 3]
        if len(inner) >= 6:
            ways[f"base64 from {skipped}"] = base64.b64encode(inner)
            ways[f"base64url from {skipped}"] = base64.urlsafe_b64encode(inner)
    return ways


PIECE = 64


def pieces(path):
    """Some of a file's octets from its beginning, middle and end, in the ways they may be written."""
    content = pathlib.Path(path).read_bytes()
    if len(content) < PIECE:
        raise ValueError(f"{path} is too small to be looked for")
    for place, at in (("beginning", 0), ("middle", len(content) // 2), ("end", len(content))):
        piece = content[min(at, len(content) - PIECE):][:PIECE]
        yield place, {"raw": piece} | as_hex(piece) | as_base64(piece)


def no_secrets(world):
    options = world.options
    texts = {f"forbidden text {n + 1}": disguises(t) for n, t in enumerate(options.forbid) if t}
    for n, path in enumerate(options.forbid_file):
        texts |= {f"forbidden file {n + 1}, its {place}": ways for place, ways in pieces(path)}
    keys = {f"{slot} {generation}": {"raw": key} | as_hex(key)
            for (slot, generation), key in world.masters.items()}
    card_keys = {key.hex(): f"a key of card {card.uid}"
                 for card in world.cards for key in card.secrets}
    ledgers = [file for path in options.ledger for file in with_wal(path)]
    for path in world.look([*logs(options), *ledgers]):
        yield from search(path, texts | keys, card_keys)
    # The master keys of a development store are in a station's memory; cards' own must not stay there.
    raw_card_keys = {f"a key of card {card.uid}": {"raw": key}
                     for card in world.cards for key in card.secrets}
    for path in world.look([pathlib.Path(p) for p in options.core]):
        yield from search(path, texts | raw_card_keys, card_keys)
    for path in world.look(with_wal(options.central)):  # names belong there, keys do not
        yield from search(path, keys, card_keys)


def with_wal(path):
    return [p for p in (pathlib.Path(path), pathlib.Path(f"{path}-wal")) if p.exists()]


def logs(options):
    """Every file under the log folders, without the folders and files where secrets belong."""
    apart = [pathlib.Path(p).resolve() for p in (options.cards, options.keys)]
    databases = {p.resolve() for name in (*options.ledger, options.central) for p in with_wal(name)}
    for folder in options.logs:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            real = path.resolve()
            if real.is_file() and real not in databases and not any(a in real.parents for a in apart):
                yield path


def search(path, secrets, card_keys):
    """Secrets by every way of writing them; the many keys of cards only as hexadecimal digits."""
    if path.stat().st_size == 0:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for name, ways in secrets.items():
            way = next((way for way, octets in ways.items() if content.find(octets) >= 0), None)
            if way:
                yield f"{name} is in {path} ({way})"
        found = set()
        for run in re.finditer(rb"[0-9a-fA-F]{32,}", content):
            digits = run.group().decode().lower()
            windows = (digits[at:at + 32] for at in range(len(digits) - 31))
            found.update(card_keys[window] for window in windows if window in card_keys)
    for name in sorted(found):
        yield f"{name} is in {path} (hex)"
