#!/usr/bin/python3
"""Makes credential.json with python3-cbor2 and python3-cryptography: CBOR, COSE_Sign1 and the state
file written a second time, by other people's code. Every run makes a new key and signature.

    /usr/bin/python3 credential.py > credential.json
"""

import datetime
import hashlib
import json

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

TAIPEI = datetime.timezone(datetime.timedelta(hours=8))


def encoded(value):
    """Deterministic encoding: maps in the bytewise order of their encoded keys."""
    if isinstance(value, dict):
        items = sorted(value.items(), key=lambda item: cbor2.dumps(item[0]))
        head = cbor2.dumps(dict.fromkeys(range(len(items))))[:1] if len(items) < 24 else None
        assert head is not None
        return head + b"".join(cbor2.dumps(key) + encoded(content) for key, content in items)
    if isinstance(value, list):
        assert len(value) < 24
        return bytes([0x80 | len(value)]) + b"".join(encoded(element) for element in value)
    if isinstance(value, cbor2.CBORTag):
        assert value.tag < 24
        return bytes([0xC0 | value.tag]) + encoded(value.value)
    return cbor2.dumps(value)


def midnight(year, month, day):
    return int(datetime.datetime(year, month, day, tzinfo=TAIPEI).timestamp())


def hexed(octets):
    return octets.hex().upper()


def integers():
    edges = [0, 1, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63 - 1]
    values = edges + [-1 - edge for edge in edges]
    return [{"value": str(value), "cbor": hexed(cbor2.dumps(value))} for value in values]


def maps():
    """Orders that differ from numeric, and from RFC 7049's shorter-first."""
    keys = [[1, 4, 7], [-1, 1], [24, -1], [23, 24, 255, 256, -1, -24, -25], [-70001, 1, -7, 65536]]
    return [
        {"keys": case, "cbor": hexed(encoded({key: "x" for key in case}))} for case in keys
    ]


def credential():
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    kid = hashlib.sha256(point).digest()[:8]
    uid = bytes.fromhex("04A1B2C3D4E5F6")
    attempt = bytes.fromhex("0193A0C17E007ABC8DEF0123456789AB")
    claims = {
        1: "port-office:kh",
        2: "KHPS110-000038",
        4: midnight(2025, 8, 9),
        5: midnight(2020, 8, 9),
        7: attempt,
        -70001: uid,
        -70002: "KLPS109-000003",
        -70003: ["KH", "KL", "高雄港"],
        -70004: 1,
    }
    payload = encoded(claims)
    protected = encoded({1: -7})
    to_be_signed = encoded(["Signature1", protected, b"", payload])
    r, s = utils.decode_dss_signature(key.sign(to_be_signed, ec.ECDSA(hashes.SHA256())))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    message = encoded(cbor2.CBORTag(18, [protected, {4: kid}, payload, signature]))
    # The library reads back what was put together above.
    assert cbor2.loads(message).value[2] == payload and cbor2.loads(payload) == claims
    return {
        "public_point": hexed(point),
        "kid": hexed(kid),
        "issuer": claims[1],
        "pass_number": claims[2],
        "valid_from": "2020-08-09",
        "valid_to": "2025-08-08",
        "attempt": "0193a0c1-7e00-7abc-8def-0123456789ab",
        "uid": hexed(uid),
        "old_pass_number": claims[-70002],
        "port_areas": claims[-70003],
        "payload": hexed(payload),
        "to_be_signed": hexed(to_be_signed),
        "signature": hexed(signature),
        "message": hexed(message),
        "active_state_file": hexed(b"\x01\x02" + hashlib.sha256(message).digest()[:24]),
    }


made = {
    "made_by": "credential.py with cbor2 and cryptography",
    "integers": integers(),
    "maps": maps(),
    "credential": credential(),
}
print(json.dumps(made, indent=1, ensure_ascii=False))
