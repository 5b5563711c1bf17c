"""The station's ledger and the central's database, read from copies."""

import base64
import hashlib
import json
import pathlib
import re
import shutil
import sqlite3

ZEROS = bytes(32)


def octets(text):
    """Octets that JSON holds as hexadecimal digits or base64 of either alphabet; None if neither."""
    if not isinstance(text, str):
        return None
    if len(text) % 2 == 0 and re.fullmatch("[0-9a-fA-F]*", text):
        return bytes.fromhex(text)
    try:
        plain = text.replace("-", "+").replace("_", "/").rstrip("=")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        return None


class Line:
    """One line of a chain, with its number and the hash that is stored beside it."""

    def __init__(self, number, text, sha256):
        self.number, self.text, self.stored_sha256 = number, bytes(text), bytes(sha256)
        self.sha256 = hashlib.sha256(self.text).digest()
        try:
            parsed = json.loads(self.text)
        except ValueError:
            parsed = None
        self.readable = isinstance(parsed, dict)
        self.json = parsed if self.readable else {}

    @property
    def type(self):
        return self.json.get("type")

    def texts(self):
        """Every text in the line, however deep, names of members left out."""
        waiting, found = [self.json], []
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                waiting += value.values()
            elif isinstance(value, list):
                waiting += value
            elif isinstance(value, str):
                found.append(value)
        return found


class Store:
    """A database, copied with its WAL so that the original is not touched."""

    def __init__(self, path, copies):
        self.path = pathlib.Path(path)
        folder = pathlib.Path(copies) / str(len(list(pathlib.Path(copies).iterdir())))
        folder.mkdir()
        copy = folder / "copy.db"
        shutil.copyfile(self.path, copy)
        wal = pathlib.Path(f"{self.path}-wal")
        if wal.exists():
            shutil.copyfile(wal, f"{copy}-wal")
        self.connection = sqlite3.connect(copy)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("PRAGMA query_only=ON")
        self.damage = [row[0] for row in self.connection.execute("PRAGMA integrity_check")
                       if row[0] != "ok"]
        self.damage += [f"{row[0]}: a reference to {row[2]} that is not there"
                        for row in self.connection.execute("PRAGMA foreign_key_check")]

    def rows(self, sql):
        return self.connection.execute(sql).fetchall()


class Ledger(Store):
    def __init__(self, path, copies):
        super().__init__(path, copies)
        (station,) = self.rows("SELECT incarnation FROM station")
        self.incarnation = station["incarnation"].lower()
        self.renewals = {row["id"]: row for row in self.rows("SELECT * FROM renewal")}
        self.cards = self.rows("SELECT * FROM card ORDER BY rowid")
        self.journal = [Line(*row) for row in self.rows(
            "SELECT record, CAST(line AS BLOB), sha256 FROM journal ORDER BY record")]
        outbox = self.rows("SELECT seq, CAST(line AS BLOB), sha256, acknowledged FROM outbox"
                           " ORDER BY seq")
        self.outbox = [Line(*row[:3]) for row in outbox]
        self.acknowledged = {row[0] for row in outbox if row[3]}


class CentralFact(Line):
    def __init__(self, row):
        super().__init__(row["seq"], row["line"], row["sha256"])
        self.station, self.incarnation = row["station"], row["incarnation"].lower()
        self.stored_type, self.renewal, self.outcome = row["type"], row["renewal"], row["outcome"]


class Central(Store):
    def __init__(self, path, copies):
        super().__init__(path, copies)
        self.renewals = {row["id"]: row for row in self.rows("SELECT * FROM renewal")}
        self.passes = {row["pass_no"]: row for row in self.rows("SELECT * FROM pass")}
        self.authorisations = {row["id"].lower(): row
                               for row in self.rows("SELECT * FROM authorisation")}
        self.facts = [CentralFact(row) for row in self.rows(
            "SELECT station, incarnation, seq, CAST(line AS BLOB) AS line, sha256, type, renewal,"
            " outcome FROM fact ORDER BY station, incarnation, seq")]
