"""A run without a defect passes; each planted defect is found and named."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import card
import check
from records import octets
from synthetic import DEFAULT_KEY, Run, Signer, cbor


class Checker(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.run_ = Run(folder.name)

    def check(self, *more):
        """Writes the run unless that was done, and gives exit code and output."""
        run = self.run_
        if not (run.folder / "ledger.db").exists():
            run.write()
        places = (("--ledger", "ledger.db"), ("--central", "central.db"), ("--cards", "cards"),
                  ("--keys", "keys"), ("--logs", "logs"))
        argv = [text for option, name in places for text in (option, str(run.folder / name))]
        with contextlib.redirect_stdout(io.StringIO()) as out:
            with contextlib.redirect_stderr(out):
                code = check.main([*argv, "--business-date", "2021-12-01", *more])
        return code, out.getvalue()

    def found(self, invariant, words, *more):
        """The defect is named by its invariant, in these words."""
        code, out = self.check(*more)
        hits = [line for line in out.splitlines() if line.startswith(f"VIOLATED {invariant}:")]
        self.assertTrue(any(words in line for line in hits), out)
        self.assertEqual(code, 1)

    def edit(self, database, sql, *values):
        if not (self.run_.folder / "ledger.db").exists():
            self.run_.write()
        self.run_.execute(database, sql, *values)


class Whole(Checker):
    def test_nothing_is_wrong(self):
        code, out = self.check("--expect-issued", "2", "--forbid", "王小明", "--forbid", "A123456789")
        self.assertEqual(code, 0, out)
        self.assertNotIn("VIOLATED", out)

    def test_json(self):
        code, out = self.check("--json")
        verdict = json.loads(out)
        self.assertEqual((code, verdict["ok"]), (0, True))
        self.assertTrue(all(entry["looked_at"] for entry in verdict["invariants"]), out)

    def test_a_wal_counts_and_is_left_alone(self):
        self.run_.write()
        db = check.invariants.__name__ and __import__("sqlite3").connect(self.run_.folder / "ledger.db")
        self.addCleanup(db.close)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("UPDATE outbox SET acknowledged=0 WHERE seq=1")
        db.commit()
        wal = self.run_.folder / "ledger.db-wal"
        before = wal.read_bytes()
        self.found("acknowledged", "fact 1 is not acknowledged")
        self.assertEqual(before, wal.read_bytes())

    def test_unreadable(self):
        self.run_.write()
        (self.run_.folder / "central.db").write_bytes(b"nothing of the kind")
        self.assertEqual(self.check()[0], 2)

    def test_an_exchanged_card_may_be_retired(self):
        run = self.run_
        nxt = run.renewal(7)
        nxt["old_pass_no"] = run.handed.renewal["pass_no"]
        later = run.card(nxt, "04A10000000007").make().hand_over()
        run.handed.stage = "retired"
        for plastic in (run.handed, later):
            run.refresh(plastic)
        run.renewals.remove(nxt)
        run.renewals.insert(0, nxt)  # its passes are written first, the shared one is then fixed
        run.write_central, original = (lambda db: None), run.write_central
        run.write()
        del run.write_central
        self.write_central_with_shared_pass(original)
        code, out = self.check()
        self.assertEqual(code, 0, out)

    def write_central_with_shared_pass(self, write_central):
        import sqlite3
        run = self.run_
        first = run.handed.renewal
        renamed = first["pass_no"]
        db = sqlite3.connect(run.folder / "central.db")
        db.close()
        (run.folder / "central.db").unlink()
        run.renewals.remove(first)
        write_central(sqlite3.connect(run.folder / "central.db"))


if __name__ == "__main__":
    unittest.main()
