"""A small run that never happened: ledger, central, cards, keys and a log that fit together. Defects
are planted in the values before write(), or in the files after it. Shares nothing with the checker
but the databases' schemas."""

import base64
import copy
import datetime
import hashlib
import json
import pathlib
import sqlite3
import uuid

from cryptography.hazmat.primitives import cmac, hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers import algorithms

SYNC = pathlib.Path(__file__).resolve().parents[2] / "sync"
SLOTS = ("picc-master", "application-master", "gate-read", "station-update")
DEFAULT_KEY = {"value": "00" * 16, "version": "00"}
STAGE_CODES = {"made": 1, "active": 2, "retired": 3, "voided": 4}


def cbor(value):
    """RFC 8949, deterministic, as far as a credential needs it."""
    def head(major, number):
        for size, extra in ((0, 24), (1, 1 << 8), (2, 1 << 16), (4, 1 << 32), (8, 1 << 64)):
            if number < extra:
                low = number if size == 0 else 23 + size.bit_length()
                return bytes([major << 5 | low]) + (number.to_bytes(size, "big") if size else b"")
        raise ValueError(number)

    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    items = sorted((cbor(key), cbor(item)) for key, item in value.items())
    return head(5, len(items)) + b"".join(key + item for key, item in items)


def seconds(date, days=0):
    day = datetime.datetime.fromisoformat(date + "T00:00:00+08:00")
    return int((day + datetime.timedelta(days=days)).timestamp())


class Signer:
    def __init__(self, number):
        self.key = ec.derive_private_key(number, ec.SECP256R1())
        self.point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)

    def sign(self, claims, payload=None):
        """A COSE_Sign1 of claims, or of a payload that is encoded already."""
        payload = cbor(claims) if payload is None else payload
        protected = bytes.fromhex("a10126")
        der = self.key.sign(cbor(["Signature1", protected, b"", payload]), ec.ECDSA(hashes.SHA256()))
        signature = b"".join(n.to_bytes(32, "big") for n in utils.decode_dss_signature(der))
        kid = hashlib.sha256(self.point).digest()[:8]
        return b"\xd2" + cbor([protected, {4: kid}, payload, signature])


class Plastic:
    """One attempt: the row in the ledger and the chip."""

    def __init__(self, run, renewal, uid):
        self.run, self.renewal, self.uid = run, renewal, uid
        self.attempt, self.authorisation, self.granted = str(uuid.uuid4()), None, None
        self.state, self.stage = "started", "unfinished"
        self.claims = {
            1: "port-office:kh", 2: renewal["pass_no"], 4: seconds(renewal["valid_to"], 1),
            5: seconds(renewal["valid_from"]), 7: uuid.UUID(self.attempt).bytes,
            -70001: bytes.fromhex(uid), -70002: renewal["old_pass_no"],
            -70003: json.loads(renewal["port_areas"]), -70004: 1}
        self.credential = run.signer.sign(self.claims)

    def tell(self, what, journal=None, **more):
        body = {"renewal": self.renewal["id"], "attempt": self.attempt, "epoch": 1,
                "card": self.uid} | more
        self.run.journal.append({"type": journal or what} | body)
        self.run.facts.append({"type": what} | body)

    def start(self):
        self.tell("attempt_started")
        return self

    def make(self):
        return self.start().verify()

    def adopt(self):
        self.renewal["made_elsewhere"] = 1
        return self.verify("adopted", reason="adopted")

    def verify(self, journal=None, **more):
        self.state, self.stage = "verified", "made"
        self.tell("verified", journal,
                  credential=base64.urlsafe_b64encode(self.credential).decode().rstrip("="), **more)
        self.renewal |= {"status": "produced", "uid": self.uid, "attempt": self.attempt,
                         "credential": self.credential}
        return self

    def hand_over(self):
        self.authorisation = str(uuid.uuid4())
        self.granted = {"renewal": self.renewal["id"], "attempt": self.attempt, "uid": self.uid,
                        "epoch": 1}
        self.state, self.stage = "handed_over", "active"
        self.tell("card_activated", authorisation=self.authorisation)
        self.tell("handed_over", authorisation=self.authorisation, evidence="letter_signed+qr_number_matched",
                  collector="holder")
        self.renewal |= {"status": "issued"}
        return self

    def spoil(self):
        self.state, self.stage = "spoiled", "unfinished"
        self.tell("spoiled", reason="clerk")
        self.renewal |= {"status": "approved", "uid": None, "attempt": None, "credential": None}
        return self

    def memory(self):
        """The chip as a memory file; unfinished has our PICC key and no application."""
        keys = self.run.card_keys(self.uid)
        state = b"\x01" + bytes([STAGE_CODES.get(self.stage, 0)]) + \
            hashlib.sha256(self.credential).digest()[:24]
        file = {"comm": "full", "access_rights": "1220"}
        application = {
            "aid": "504BF5", "settings": "09", "key_type": "AES", "keys": keys[1:],
            "files": [
                file | {"number": 1, "type": "standard", "size": len(self.credential),
                        "data": self.credential.hex().upper()},
                file | {"number": 3, "type": "backup", "size": 26, "data": state.hex().upper()}]}
        return blank_memory(self.uid) | {
            "picc": {"settings": "09", "key_type": "AES", "key": keys[0]}, "used_bytes": 1000,
            "applications": [application] if self.stage in STAGE_CODES else []}


def blank_memory(uid):
    return {"format": 1, "chip": "EV2-4K", "uid": uid, "signature": None,
            "picc": {"settings": "0F", "key_type": "DES", "key": dict(DEFAULT_KEY)},
            "used_bytes": 0, "rollback_pending": False, "applications": []}


class Run:
    """Six renewals: handed over, handed over at the second card, made, made after a tear, untouched,
    and issued before this central existed; and a blank chip."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.signer = Signer(4711)
        self.masters = {slot: hashlib.sha256(slot.encode()).digest()[:16] for slot in SLOTS}
        self.incarnation = str(uuid.uuid4())
        self.journal, self.facts, self.renewals, self.plastics = [], [], [], []
        self.log = "ready\ncard 04A1 verified\n"
        self.unacknowledged, self.passes = set(), {}
        first, second, third, fourth, _, old = (self.renewal(n) for n in range(1, 7))
        self.handed = self.card(first, "04A10000000001").make().hand_over()
        self.spoiled = self.card(second, "04A10000000002").make().spoil()
        self.second = self.card(second, "04A10000000003").make()
        self.second.hand_over()
        self.made = self.card(third, "04A10000000004").make()
        self.resumed = self.card(fourth, "04A10000000005")
        self.resumed.start().tell("torn")
        self.resumed.start().make()
        old["status"] = "issued"
        self.memories = {p.uid: p.memory() for p in self.plastics}
        self.memories["04A10000000099"] = blank_memory("04A10000000099")

    def renewal(self, number):
        self.renewals.append({
            "id": str(uuid.uuid4()), "status": "approved", "pass_no": f"KHPS110-{number:05}",
            "old_pass_no": f"KHPS109-{number:05}", "valid_from": "2021-12-01",
            "valid_to": "2022-11-30", "port_areas": '["KH", "AP"]', "uid": None, "attempt": None,
            "credential": None, "made_elsewhere": 0})
        return self.renewals[-1]

    def adopt(self):
        """A further renewal, whose card no station of ours wrote, and its adoption."""
        adopted = self.card(self.renewal(7), "04A10000000007").adopt()
        self.refresh(adopted)
        return adopted

    def card(self, renewal, uid):
        self.plastics.append(Plastic(self, renewal, uid))
        return self.plastics[-1]

    def refresh(self, plastic):
        """After a change of a card's credential or stage, everywhere it is told of."""
        self.memories[plastic.uid] = plastic.memory()
        if plastic.renewal["attempt"] == plastic.attempt:
            plastic.renewal["credential"] = plastic.credential
        for fact in self.facts:
            if fact["attempt"] == plastic.attempt and "credential" in fact:
                fact["credential"] = base64.b64encode(plastic.credential).decode()

    def card_keys(self, uid):
        keys = []
        for slot in SLOTS:
            aid = "000000" if slot == "picc-master" else "F54B50"
            mac = cmac.CMAC(algorithms.AES(self.masters[slot]))
            mac.update(bytes.fromhex("01" + uid + aid) + b"PortPass")
            keys.append({"value": mac.finalize().hex().upper(), "version": "01"})
        return keys

    def fact_lines(self):
        """The facts as the station's lines, chained."""
        return chained([{"id": str(uuid.UUID(int=n)), "incarnation": self.incarnation, "seq": n,
                         "at": "2021-12-01T01:00:00Z"} | fact
                        for n, fact in enumerate(self.facts, 1)])

    def write(self):
        for name in ("cards", "keys", "logs"):
            (self.folder / name).mkdir()
        for slot, key in self.masters.items():
            (self.folder / "keys" / f"{slot}.1.key").write_text(key.hex() + "\n")
        (self.folder / "keys" / "trust.json").write_text(
            json.dumps({"keys": [self.signer.point.hex()]}))
        for number, memory in enumerate(self.memories.values()):
            (self.folder / "cards" / f"{number}.json").write_text(json.dumps(memory))
        (self.folder / "logs" / "station.log").write_text(self.log)
        self.write_ledger(self.open("ledger"))
        self.write_central(self.open("central"))

    def write_ledger(self, db):
        db.executescript((SYNC / "ledger/schema.sql").read_text())
        insert(db, "station", only_row=1, incarnation=self.incarnation, cursor="")
        for number, r in enumerate(self.renewals, 1):
            insert(db, "renewal", **pick(r, "id status pass_no old_pass_no valid_from valid_to port_areas"),
                   version=1, held=0, pickup_port="KH", data_warnings="[]", holder_name_sealed=b"?",
                   masked_id_sealed=b"?", arrived=number)
        for p in self.plastics:
            insert(db, "card", attempt=p.attempt, renewal=p.renewal["id"], epoch=1, uid=p.uid,
                   key_generation=1, state=p.state, credential_sealed=b"?",
                   credential_sha256=hashlib.sha256(p.credential).digest(),
                   authorisation=p.authorisation, record=1)
        for number, line in enumerate(chained(copy.deepcopy(self.journal)), 1):
            insert(db, "journal", record=number, line=line, sha256=sha256(line))
        for number, line in enumerate(self.fact_lines(), 1):
            insert(db, "outbox", seq=number, line=line, sha256=sha256(line),
                   acknowledged=int(number not in self.unacknowledged))
        db.commit()
        db.close()

    def write_central(self, db):
        db.executescript((SYNC / "central/schema.sql").read_text())
        passes = {}
        for r in self.renewals:
            issued = r["status"] == "issued"
            passes.setdefault(r["old_pass_no"], {"replaces": None})["state"] = "off" if issued else "active"
            passes[r["pass_no"]] = {"replaces": r["old_pass_no"],
                                    "state": "active" if issued else "pending"}
        for number, values in passes.items():
            insert(db, "pass", pass_no=number, company="", email="", id_no="", holder_name="王小明",
                   valid_from="", valid_to="", pass_kind="", has_photo=1, port_areas="[]",
                   times_exchanged=0, **values | self.passes.get(number, {}))
        for n, r in enumerate(self.renewals, 1):
            digest = hashlib.sha256(r["credential"]).hexdigest().upper() if r["credential"] else None
            insert(db, "renewal", version=1, change_seq=n, pickup_port="KH", free=1,
                   payment="not_required", times_exchanged=1, credential_sha256=digest, submitted_at="",
                   **pick(r, "id status pass_no old_pass_no valid_from valid_to uid attempt credential"
                             " made_elsewhere"))
        for p in self.plastics:
            if p.granted:
                insert(db, "authorisation", id=p.authorisation, idempotency_key=p.attempt,
                       sha256=b"", station="kh-1", granted_at="", expires_at="", **p.granted)
        for number, line in enumerate(self.fact_lines(), 1):
            said = json.loads(line)
            insert(db, "fact", station="kh-1", incarnation=self.incarnation, seq=number,
                   line=line.encode(), sha256=sha256(line), received_at="", type=said["type"],
                   renewal=said["renewal"], outcome="applied", order_given="")
        db.commit()
        db.close()

    def open(self, database):
        db = sqlite3.connect(self.folder / f"{database}.db")
        db.execute("PRAGMA synchronous=OFF")
        return db

    def execute(self, database, sql, *values):
        db = self.open(database)
        db.execute(sql, values)
        db.commit()
        db.close()


def chained(entries):
    previous, lines = "00" * 32, []
    for entry in entries:
        lines.append(json.dumps({"previous": previous} | entry, ensure_ascii=False))
        previous = sha256(lines[-1]).hex()
    return lines


def sha256(line):
    return hashlib.sha256(line.encode()).digest()


def pick(values, names):
    return {name: values[name] for name in names.split()}


def insert(db, table, **values):
    marks = ",".join("?" * len(values))
    db.execute(f"INSERT INTO {table} ({','.join(values)}) VALUES ({marks})", list(values.values()))
