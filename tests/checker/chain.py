#!/usr/bin/env python3
"""Proves an exported audit chain: stationctl audit | tests/checker/chain.py

Each line is one record: JSON with its number and the SHA-256 of the line before, octet for octet. Says
how many there are and the hash of the last, which a later export must hold at the same place
(--expect RECORD:HASH). Exit status: 0 proven, 1 not, 2 called wrongly. Written from the ledger's schema
and sharing no code with the station.
"""

import argparse
import hashlib
import json
import sys


class Broken(Exception):
    pass


def prove(lines):
    """The hash of each record's line, by its number; raises Broken at the first that does not follow."""
    hashes = {}
    previous = "00" * 32
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            named, follows = record["record"], record["previous"]
        except (ValueError, KeyError, TypeError) as error:
            raise Broken(f"line {number} is no record") from error
        if type(named) is not int or named != number:
            raise Broken(f"line {number} says it is record {named}")
        if type(follows) is not str or follows.lower() != previous:
            raise Broken(f"record {number} does not follow from the one before")
        previous = hashlib.sha256(line).hexdigest()
        hashes[number] = previous
    return hashes


def main(argv=None, source=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", nargs="?", help="the export; standard input where it is left out")
    parser.add_argument("--expect", action="append", default=[], metavar="RECORD:HASH")
    options = parser.parse_args(argv)
    if options.file:
        with open(options.file, "rb") as file:
            content = file.read()
    else:
        content = (source or sys.stdin.buffer).read()
    try:
        if content and not content.endswith(b"\n"):
            raise Broken("the last line is cut off")
        hashes = prove(content.split(b"\n")[:-1])
        for expected in options.expect:
            number, _, digest = expected.partition(":")
            if hashes.get(int(number)) != digest.lower():
                raise Broken(f"record {number} is not the one expected")
    except Broken as error:
        print(f"NOT PROVEN: {error}")
        return 1
    head = hashes[len(hashes)] if hashes else "none"
    print(f"proven: {len(hashes)} records, head {head}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
