#!/usr/bin/python3
"""Reads what a run left behind and says, invariant by invariant, whether it fits together."""

import argparse
import datetime
import json
import pathlib
import sqlite3
import sys
import tempfile

import canaries
import invariants
from card import Card, Keys
from records import Central, Ledger


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--ledger", action="append", required=True, help="a station's ledger; repeatable")
    add("--central", required=True, help="the central's database")
    add("--cards", required=True, help="folder of card memories, *.json")
    add("--keys", required=True, help="the development key store")
    add("--business-date", required=True, type=datetime.date.fromisoformat)
    add("--issuer", action="append", default=[],
        help="an iss that a credential may have, port-office:kh without it; repeatable")
    add("--expect-issued", type=int, metavar="N")
    add("--allow-in-doubt", action="store_true", help="started, torn and authorised may be left")
    add("--allow-unacknowledged", action="store_true", help="the central need not have all facts")
    add("--other-stations", action="store_true", help="the central also serves others")
    add("--foreign", action="append", default=[], metavar="UID", type=str.upper,
        help="a changed card that is none of ours; repeatable")
    add("--forbid", action="append", default=[], metavar="TEXT",
        help="must be in no log and no ledger; repeatable")
    add("--forbid-file", action="append", default=[], metavar="FILE",
        help="such as a photo: no part of it may be in a log or ledger; repeatable")
    add("--core", action="append", default=[], metavar="FILE",
        help="memory of a station that is idle (memory.py), searched too; repeatable")
    add("--logs", action="append", default=[], metavar="DIR", help="searched for secrets; repeatable")
    add("--json", action="store_true", help="the verdict as JSON")
    return parser.parse_args(argv)


def read_world(options, copies):
    keys = Keys(options.keys)
    memories = [Card(path, keys, options.issuer or ["port-office:kh"])
                for path in sorted(pathlib.Path(options.cards).glob("*.json"))]
    ledgers = [Ledger(path, copies) for path in options.ledger]
    world = invariants.World(ledgers, Central(options.central, copies), memories, options)
    world.masters = keys.masters
    return world


def judge(world):
    checks = dict(invariants.INVARIANTS)
    checks["no_secrets"] = (canaries.PROMISE, canaries.no_secrets)
    verdict = []
    for name, (promise, function) in checks.items():
        world.seen = 0
        violations = list(function(world))
        verdict.append({"invariant": name, "promise": promise, "ok": not violations,
                        "looked_at": world.seen, "violations": violations})
    return verdict


def main(argv=None):
    options = arguments(argv)
    try:
        for path in (options.cards, options.keys, *options.logs):
            if not pathlib.Path(path).is_dir():
                raise ValueError(f"{path}: no such folder")
        with tempfile.TemporaryDirectory() as copies:
            verdict = judge(read_world(options, copies))
    except (OSError, ValueError, KeyError, TypeError, sqlite3.Error) as fault:
        print(f"check.py: unreadable: {type(fault).__name__}: {fault}", file=sys.stderr)
        return 2
    good = all(entry["ok"] for entry in verdict)
    if options.json:
        print(json.dumps({"ok": good, "invariants": verdict}, ensure_ascii=False, indent=1))
    else:
        for entry in verdict:
            if entry["ok"]:
                print(f"OK       {entry['invariant']}: {entry['promise']} ({entry['looked_at']})")
            for violation in entry["violations"]:
                print(f"VIOLATED {entry['invariant']}: {violation}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
