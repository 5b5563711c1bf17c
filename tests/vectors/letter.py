#!/usr/bin/python3
"""Makes letter.json: base45 and the code of a pick-up letter written a second time, with
python3-cbor2 and python3-cryptography. Every run makes a new key and signature.

    /usr/bin/python3 letter.py > letter.json
"""

import datetime
import hashlib
import json

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

TAIPEI = datetime.timezone(datetime.timedelta(hours=8))
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
# RFC 9285, 4.3 and 4.4.
PUBLISHED = {"AB": "BB8", "Hello!!": "%69 VD92EX0", "base-45": "UJCLQE7W581", "ietf!": "QED8WEX0"}


def base45(octets):
    text = ""
    for at in range(0, len(octets), 2):
        part = octets[at:at + 2]
        value = int.from_bytes(part, "big")
        for _ in range(len(part) + 1):
            value, digit = divmod(value, 45)
            text += ALPHABET[digit]
    return text


def deterministic(claims):
    """The map in the bytewise order of its encoded keys (RFC 8949 4.2.1)."""
    items = sorted((cbor2.dumps(key), cbor2.dumps(value)) for key, value in claims.items())
    return bytes([0xA0 | len(items)]) + b"".join(key + value for key, value in items)


def letter():
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(serialization.Encoding.X962,
                                          serialization.PublicFormat.UncompressedPoint)
    renewal = bytes.fromhex("0193A0C17E007ABC8DEF0123456789AB")
    after = datetime.datetime(2023, 11, 28, tzinfo=TAIPEI)
    payload = deterministic({2: "KHPS110-000059", 4: int(after.timestamp()), -70002: "KHPS109-010323",
                             -70005: renewal, -70006: "KH", -70007: 1})
    protected = cbor2.dumps({1: -7})
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    r, s = utils.decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    message = cbor2.dumps(cbor2.CBORTag(18, [
        protected, {4: hashlib.sha256(point).digest()[:8]}, payload,
        r.to_bytes(32, "big") + s.to_bytes(32, "big")]))
    return {"public_point": point.hex().upper(), "renewal": "0193a0c1-7e00-7abc-8def-0123456789ab",
            "pass_number": "KHPS110-000059", "old_pass_number": "KHPS109-010323",
            "pickup_port": "KH", "last_day": "2023-11-27", "payload": payload.hex().upper(),
            "text": "PL1:" + base45(message) + "."}


for plain, coded in PUBLISHED.items():
    assert base45(plain.encode()) == coded
print(json.dumps({"made_by": "letter.py with cbor2 and cryptography",
                  "base45": [{"octets": plain.encode().hex().upper(), "text": coded}
                             for plain, coded in PUBLISHED.items()],
                  "letter": letter()}, indent=1))
