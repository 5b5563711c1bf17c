"""killpoint on a real SQLite database in WAL mode with synchronous=FULL."""

import os
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import unittest

PYTHON = "/usr/bin/python3"  # its sqlite3 module uses Debian's libsqlite3
COMMITS = 6
WRITER = """
import os, sqlite3, subprocess, sys
path, commits, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
if how == 'fork' and os.fork() != 0:
    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
if how == 'spawn':
    sys.exit(subprocess.run(['/usr/bin/python3.11', *sys.orig_argv[1:-1], 'plain']).returncode)
db = sqlite3.connect(path, isolation_level=None)
db.execute('PRAGMA journal_mode=WAL')
db.execute('PRAGMA synchronous=FULL')
db.execute('CREATE TABLE IF NOT EXISTS done (number INTEGER PRIMARY KEY)')
for number in range(1, commits + 1):
    print('begin', flush=True)
    db.execute('INSERT INTO done VALUES (?)', (number,))
    print('acknowledged', flush=True)
os._exit(0)
"""


class Killpoint(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.database = self.folder / "ledger.db"

    def write(self, commits=COMMITS, how="plain", probe=False, **told):
        preload = [os.environ["KILLPOINT_LIBRARY"]] + [os.environ["KILLPOINT_PROBE"]] * probe
        environment = os.environ | told | {
            "LD_PRELOAD": ":".join(preload), "KILLPOINT_COUNT": str(self.folder / "count"),
            "PROBE_NOTES": str(self.folder / "notes")}
        done = subprocess.run([PYTHON, "-c", WRITER, str(self.database), str(commits), how],
                              env=environment, capture_output=True, text=True, timeout=60)
        self.error = done.stderr
        return done.returncode, done.stdout.count("begin"), done.stdout.count("acknowledged")

    def count(self):
        return int((self.folder / "count").read_text())

    def forget(self):
        for path in self.folder.iterdir():
            path.unlink()

    def rows(self):
        db = sqlite3.connect(self.database)
        self.addCleanup(db.close)
        self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        return db.execute("SELECT count(*) FROM done").fetchone()[0]

    def points(self):
        """How many sync points lie before the first commit of a row."""
        self.assertEqual(self.write(KILLPOINT_FILE="ledger.db-wal"), (0, COMMITS, COMMITS))
        total = self.count()
        self.forget()
        return total - COMMITS

    def test_counts_one_sync_for_each_commit(self):
        counts = []
        for commits in (3, 8):
            self.assertEqual(self.write(commits, KILLPOINT_FILE="ledger.db-wal")[0], 0)
            counts.append(self.count())
            self.forget()
        self.assertEqual(counts[1] - counts[0], 5)

    def test_before_and_after(self):
        first = self.points()
        for number in (1, 2, COMMITS):
            for when in ("before", "after"):
                with self.subTest(when=when, number=number):
                    code, begun, acknowledged = self.write(
                        KILLPOINT_FILE="ledger.db-wal", KILLPOINT=f"{when}:{first + number}")
                    self.assertEqual(code, -signal.SIGKILL)
                    self.assertEqual((begun, acknowledged), (number, number - 1))
                    self.assertEqual(self.count(), first + number)
                    self.assertIn(self.rows(), (number - 1, number))
                    self.forget()

    def test_every_point_leaves_a_database_that_opens(self):
        first = self.points()
        for number in range(1, first + 1):
            with self.subTest(number=number):
                code, _, acknowledged = self.write(
                    KILLPOINT_FILE="ledger.db-wal", KILLPOINT=f"before:{number}")
                self.assertEqual((code, acknowledged), (-signal.SIGKILL, 0))
                self.assertEqual(self.write()[0], 0)
                self.assertEqual(self.rows(), COMMITS)
                self.forget()

    def test_the_original_is_called_for_after_only(self):
        for when, calls in (("before", 2), ("after", 3)):
            self.assertEqual(self.write(probe=True, KILLPOINT=f"{when}:3")[0], -signal.SIGKILL)
            self.assertEqual((self.folder / "notes").read_text().count("."), calls)
            self.forget()

    def test_a_sync_that_fails_fails_its_commit(self):
        first = self.points()
        code, begun, acknowledged = self.write(
            KILLPOINT_FILE="ledger.db-wal", KILLPOINT=f"error:{first + 2}")
        self.assertEqual((code, begun, acknowledged), (1, 2, 1))
        self.assertIn("disk I/O error", self.error)

    def test_a_full_disk_fails_a_commit_at_every_write(self):
        failed_commits = set()
        for number in range(1, 100):
            code, begun, acknowledged = self.write(
                KILLPOINT_FILE="ledger.db", KILLPOINT=f"full:{number}")
            if self.count() < number:
                break
            with self.subTest(number=number):
                if begun > acknowledged:
                    self.assertIn("full", self.error)
                    self.assertEqual((acknowledged, self.rows()), (begun - 1, begun - 1))
                    failed_commits.add(begun)
                else:  # making the database fails, or cleaning up after it does and no one minds
                    self.assertEqual(code != 0, begun == 0)
                self.forget()
        self.assertEqual(failed_commits, set(range(1, COMMITS + 1)))

    def test_other_files_do_not_count(self):
        self.assertEqual(self.write(KILLPOINT_FILE="central.db", KILLPOINT="before:1")[0], 0)
        self.assertEqual(self.count(), 0)

    def test_other_programs_are_left_alone(self):
        self.assertEqual(self.write(KILLPOINT_COMM="stationd", KILLPOINT="before:1")[0], 0)
        self.assertFalse((self.folder / "count").exists())

    def test_named_program(self):
        self.assertEqual(self.write(KILLPOINT_COMM="python3", KILLPOINT="before:1")[0],
                         -signal.SIGKILL)

    def test_children_are_left_alone(self):
        for how in ("fork", "spawn"):
            with self.subTest(how=how):
                self.assertEqual(self.write(how=how, KILLPOINT_COMM="python3", KILLPOINT="before:1"),
                                 (0, COMMITS, COMMITS))
                self.assertEqual(self.count(), 0)
                self.assertEqual(self.rows(), COMMITS)
                self.forget()

    def test_a_mistake_is_told(self):
        for point in ("before", "before:", "before:0", "later:1", "after:1x"):
            with self.subTest(point=point):
                self.assertEqual(self.write(KILLPOINT=point)[0], 112)
                self.assertIn("KILLPOINT is before:N, after:N", self.error)


if __name__ == "__main__":
    unittest.main()
