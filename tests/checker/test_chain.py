"""An export that is whole is proven; every change of any record of it is found."""

import contextlib
import hashlib
import io
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import chain

RECORDS = 200


def export(count=RECORDS):
    lines, previous = [], "00" * 32
    for number in range(1, count + 1):
        line = json.dumps({"record": number, "previous": previous, "kind": "verified",
                           "pass_no": f"KHPS110-{number:06}"}).encode()
        lines.append(line)
        previous = hashlib.sha256(line).hexdigest()
    return lines


def verdict(lines, *argv):
    content = b"".join(line + b"\n" for line in lines)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = chain.main(list(argv), io.BytesIO(content))
    return code, out.getvalue()


class Whole(unittest.TestCase):
    def test_is_proven(self):
        code, out = verdict(export())
        self.assertEqual(code, 0)
        self.assertIn(f"{RECORDS} records", out)

    def test_nothing_is_proven_too(self):
        self.assertEqual(verdict([])[0], 0)

    def test_in_capital_digits_as_the_station_writes_them_is_proven_too(self):
        first = json.dumps({"record": 1, "previous": "00" * 32}).encode()
        second = json.dumps({"record": 2,
                             "previous": hashlib.sha256(first).hexdigest().upper()}).encode()
        self.assertEqual(verdict([first, second])[0], 0)

    def test_holds_an_earlier_head(self):
        lines = export(10)
        head = hashlib.sha256(lines[6]).hexdigest()
        self.assertEqual(verdict(lines, "--expect", f"7:{head}")[0], 0)
        self.assertEqual(verdict(lines, "--expect", f"8:{head}")[0], 1)


class Changed(unittest.TestCase):
    """Each change at each record. What cuts the end off shows only against a head that was kept."""

    CHANGES = {
        "flip": lambda lines, at: lines.__setitem__(at, lines[at].replace(b"KHPS", b"KHQS")),
        "delete": lambda lines, at: lines.pop(at),
        "insert": lambda lines, at: lines.insert(at, lines[at]),
        "swap": lambda lines, at: lines.insert(at, lines.pop((at + 1) % len(lines))),
        "cut": lambda lines, at: lines.__delitem__(slice(at, None)),
    }

    def test_is_found_at_every_record(self):
        whole = export()
        head = f"{RECORDS}:{hashlib.sha256(whole[-1]).hexdigest()}"
        for name, change in self.CHANGES.items():
            for at in range(RECORDS):
                lines = whole[:]
                change(lines, at)
                self.assertEqual(verdict(lines, "--expect", head)[0], 1, f"{name} at {at + 1}")

    def test_no_record(self):
        for junk in (b"", b"x", b"[]", b"{}", b'{"record":true,"previous":""}', b"\xff"):
            self.assertEqual(verdict([junk])[0], 1)


if __name__ == "__main__":
    unittest.main()
