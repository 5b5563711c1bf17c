"""One card's memory, read against the card specification and nothing else."""

import datetime
import hashlib
import json
import pathlib

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import cmac, hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers import algorithms

AID = bytes.fromhex("F54B50")
AID_ON_WIRE = AID[::-1].hex().upper()
SYSTEM = b"PortPass"
PICC_SLOT = "picc-master"
APPLICATION_SLOTS = ("application-master", "gate-read", "station-update")  # by key number
STAGES = {1: "made", 2: "active", 3: "retired", 4: "voided"}
STATE_SIZE = 26
PASS_FILE, STATE_FILE = 1, 3
RIGHTS = "1220"  # read, write, read and write, change
SETTINGS = "09"

ISS, SUB, EXP, NBF, CTI = 1, 2, 4, 5, 7
UID, OLD_PASS, AREAS, FORMAT = -70001, -70002, -70003, -70004
CLAIM_TYPES = {ISS: str, SUB: str, EXP: int, NBF: int, CTI: bytes,
               UID: bytes, OLD_PASS: str, AREAS: list, FORMAT: int}
PROTECTED = bytes.fromhex("A10126")  # {1: -7}
TAIPEI = datetime.timezone(datetime.timedelta(hours=8))


def midnight(day):
    """Seconds since 1970 at 00:00 +08:00 of a date."""
    return int(datetime.datetime(day.year, day.month, day.day, tzinfo=TAIPEI).timestamp())


def diversify(master, uid, aid):
    """AN10922 for AES-128: the CMAC of 01 and the input. The published algorithm always pads to two
    blocks; 19 octets are two blocks anyway, so this is the plain CMAC."""
    message = b"\x01" + uid + aid + SYSTEM
    assert 16 < len(message) <= 32
    mac = cmac.CMAC(algorithms.AES(master))
    mac.update(message)
    return mac.finalize()


class Keys:
    """The development store: master keys by slot and generation, and the points that are trusted."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.masters = {}
        for path in self.folder.glob("*.key"):
            parts = path.name.split(".")
            if len(parts) == 3 and parts[0] in (PICC_SLOT, *APPLICATION_SLOTS):
                key = bytes.fromhex(path.read_text().strip())
                if len(key) != 16:
                    raise ValueError(f"{path}: not a key of 16 octets")
                self.masters[parts[0], int(parts[1])] = key
        points = json.loads((self.folder / "trust.json").read_text())["keys"]
        self.trusted = {}
        for text in points:
            point = bytes.fromhex(text)
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
            self.trusted[hashlib.sha256(point).digest()[:8]] = key


class Card:
    """A memory file, and everything that is wrong with it, sorted by what it is about."""

    def __init__(self, path, keys, issuers):
        self.path = pathlib.Path(path)
        memory = json.loads(self.path.read_text())
        if memory["format"] != 1:
            raise ValueError(f"{path}: a memory file of another format")
        self.uid = memory["uid"].upper()
        self.picc = memory["picc"]
        self.used_bytes = memory["used_bytes"]  # deleting gives nothing back
        self.applications = memory["applications"]
        self.application = next(
            (a for a in self.applications if a["aid"].upper() == AID_ON_WIRE), None)
        self.files = {f["number"]: f for f in self.application["files"]} if self.application else {}
        self.credential = self._data(PASS_FILE)
        self.state = self._data(STATE_FILE)
        self.stage = self._stage()
        self.claims = {}
        self.secrets = []  # what the keys on this card must be
        self.key_faults = list(self._check_keys(keys))
        self.layout_faults = list(self._check_layout())
        self.credential_faults = list(self._check_credential(keys, issuers))
        self.state_faults = list(self._check_state())

    def _data(self, number):
        return bytes.fromhex(self.files[number]["data"]) if number in self.files else b""

    def _stage(self):
        """blank, unfinished, or what the state file says, whether or not the rest fits."""
        if self.state[:1] == b"\x01" and self.state[1] in STAGES:
            return STAGES[self.state[1]]
        return "unfinished" if self.changed else "blank"

    @property
    def changed(self):
        key = self.picc["key"]
        return (bool(self.applications) or self.used_bytes != 0 or
                self.picc["key_type"] != "DES" or set(key["value"]) != {"0"} or
                self.picc["settings"].upper() != "0F")

    @property
    def finished(self):
        return self.stage in STAGES.values()

    @property
    def live(self):
        return self.stage == "active"

    @property
    def generation(self):
        return int(self.picc["key"]["version"], 16)

    @property
    def attempt(self):
        """The attempt's UUID as text, or empty."""
        cti = self.claims.get(CTI, b"").hex()
        return "-".join((cti[:8], cti[8:12], cti[12:16], cti[16:20], cti[20:])) if cti else ""

    def _check_keys(self, keys):
        if self.picc["key_type"] != "AES":
            yield f"the PICC master key is {self.picc['key_type']}, not AES"
        if not 1 <= self.generation <= 255:
            yield "the PICC master key has version 0"
        places = [(PICC_SLOT, bytes(3), self.picc["key"])]
        if self.application:
            on_card = self.application["keys"]
            if self.application["key_type"] != "AES" or len(on_card) != 3:
                yield f"{len(on_card)} {self.application['key_type']} keys, not 3 AES keys"
            places += [(slot, AID, key) for slot, key in zip(APPLICATION_SLOTS, on_card)]
        for slot, aid, key in places:
            value = bytes.fromhex(key["value"])
            version = int(key["version"], 16)
            master = keys.masters.get((slot, self.generation))
            if master:
                self.secrets.append(diversify(master, bytes.fromhex(self.uid), aid))
            if not any(value):
                yield f"default key left: {slot}"
            elif master is None:
                yield f"no master of generation {self.generation} for {slot}"
            elif value != self.secrets[-1]:
                yield f"wrong diversification: {slot}"
            if version != self.generation:
                yield f"{slot} has version {version}, the PICC master key {self.generation}"

    def _check_layout(self):
        if self.picc["settings"].upper() != SETTINGS:
            yield f"PICC settings are {self.picc['settings']}, not {SETTINGS}"
        if not self.application:
            yield "the application is not there"
            return
        if len(self.applications) != 1:
            yield "another application beside ours"
        if self.application["settings"].upper() != SETTINGS:
            yield f"application settings are {self.application['settings']}, not {SETTINGS}"
        if set(self.files) != {PASS_FILE, STATE_FILE} or len(self.application["files"]) != 2:
            yield f"the files are {sorted(self.files)}, not 1 and 3"
        for number, kind in ((PASS_FILE, "standard"), (STATE_FILE, "backup")):
            file = self.files.get(number)
            if file is None:
                continue
            for member, wanted in (("type", kind), ("comm", "full"), ("access_rights", RIGHTS)):
                if file[member] != wanted:
                    yield f"file {number}: {member} is {file[member]}, not {wanted}"
            if file["size"] != len(file["data"]) // 2:
                yield f"file {number}: its size is not the length of its content"
        if STATE_FILE in self.files and self.files[STATE_FILE]["size"] != STATE_SIZE:
            yield f"file 3 has {self.files[STATE_FILE]['size']} octets, not {STATE_SIZE}"

    def _check_state(self):
        if len(self.state) != STATE_SIZE:
            yield "no state of 26 octets"
        elif self.state[0] != 1 or self.state[1] not in STAGES:
            yield f"the state begins with {self.state[:2].hex()}: never finished or tampered with"
        elif self.state[2:] != hashlib.sha256(self.credential).digest()[:24]:
            yield "state hash wrong: it is not the hash of the pass file"

    def _check_credential(self, keys, issuers):
        if not self.credential:
            yield "no credential"
            return
        try:
            message = cbor2.loads(self.credential)
            if not (isinstance(message, cbor2.CBORTag) and message.tag == 18):
                raise ValueError("not tagged 18")
            protected, unprotected, payload, signature = message.value
            claims = cbor2.loads(payload)
            encoded = (cbor2.dumps(message, canonical=True), cbor2.dumps(claims, canonical=True))
        except Exception as fault:  # whatever a decoder may throw at octets that someone else wrote
            yield f"not a COSE_Sign1 of claims ({type(fault).__name__}: {fault})"
            return
        # Canonical in cbor2 sorts shorter keys first; for the keys used here that is also the
        # order of RFC 8949.
        if encoded != (self.credential, payload):
            yield "non-canonical CBOR: encoded again, it is other octets"
        if protected != PROTECTED:
            yield f"the protected header is {protected.hex()}, not {PROTECTED.hex()}"
        yield from self._check_signature(keys, protected, unprotected, payload, signature)
        if not isinstance(claims, dict) or any(type(key) is not int for key in claims):
            yield "the claims are not a map with numbers as keys"
            return
        if set(claims) != set(CLAIM_TYPES):
            yield (f"claims missing {sorted(set(CLAIM_TYPES) - set(claims))}, "
                   f"unknown {sorted(set(claims) - set(CLAIM_TYPES))}")
        mistyped = [k for k, kind in CLAIM_TYPES.items() if k in claims and type(claims[k]) is not kind]
        if mistyped:
            yield f"mistyped claims {mistyped}"
        self.claims = {key: value for key, value in claims.items() if key not in mistyped}
        yield from self._check_claims(issuers)

    @staticmethod
    def _check_signature(keys, protected, unprotected, payload, signature):
        kid = unprotected.get(4) if isinstance(unprotected, dict) else None
        if not isinstance(unprotected, dict) or set(unprotected) != {4}:
            yield "the unprotected header is not {4: kid}"
        key = keys.trusted.get(kid) if isinstance(kid, bytes) else None
        if key is None:
            yield "signed by a key that is not trusted"
        elif not isinstance(signature, bytes) or len(signature) != 64:
            yield "the signature has not 64 octets"
        else:
            signed = cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)
            der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"),
                                             int.from_bytes(signature[32:], "big"))
            try:
                key.verify(der, signed, ec.ECDSA(hashes.SHA256()))
            except InvalidSignature:
                yield "the signature does not verify"

    def _check_claims(self, issuers):
        claims = self.claims
        if claims.get(ISS) not in issuers:
            yield f"issued by {claims.get(ISS)!r}, not {' or '.join(issuers)}"
        if claims.get(UID) != bytes.fromhex(self.uid):
            yield f"wrong UID in the credential: it is for chip {claims.get(UID, b'').hex().upper()}"
        if len(claims.get(CTI, b"")) != 16:
            yield "the attempt's id has not 16 octets"
        if claims.get(FORMAT) != 1:
            yield f"format {claims.get(FORMAT)}, not 1"
        if not all(type(area) is str for area in claims.get(AREAS, [])):
            yield "port areas that are not texts"
        for claim, label in ((NBF, "nbf"), (EXP, "exp")):
            if (claims.get(claim, 0) + 8 * 3600) % 86400:
                yield f"{label} is not 00:00 +08:00 of a day"
        if claims.get(NBF, 0) >= claims.get(EXP, 0):
            yield "nbf is not before exp"
