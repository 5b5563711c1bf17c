#!/usr/bin/env python3
"""Makes the seed inputs of the fuzz targets: a few well-formed ones each.

    ./make_seeds.py    writes seeds/<target>/<name> beside this file
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
ID = "0193a0c1-7e00-7abc-8def-0123456789ab"
UID = "04A1B2C3D4E5F6"

CONFIGURATION = """\
station = "kh"
central = "https://central.example:8443"
control = "unix:/run/card-station/control"
ledger = "/var/lib/card-station/ledger.sqlite"
keys = "/etc/card-station/keys"
reader_worker = "/usr/libexec/card-station/reader-worker"
business_date = "2021-12-01"
metrics = "http://127.0.0.1:9464"

[[reader]]
name = "one"
role = "production"
usb_path = "1-4.2"
slot = "PICC"
frame = 128

[[reader]]
name = "two"
role = "counter"
usb_serial = "SN0004"

[[reader]]
name = "three"
role = "production"
nfc = "pn532_uart:/dev/ttyUSB0"

[[old_pass]]
form = "number"

[[old_pass]]
form = "url"
parameter = "no"

[production]
refuse_unproven_chips = true
hold_odd_data = true
max_presentations = 3

[tls]
ca = "/etc/card-station/ca.pem"
certificate = "/etc/card-station/station.pem"
key = "/etc/card-station/station.key"
"""


def line(**members):
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def frame(kind, body=b""):
    return (len(body) + 1).to_bytes(2, "big") + bytes([kind]) + body


def answers(*apdus, which=0):
    return bytes([which]) + b"".join(bytes([len(apdu)]) + apdu for apdu in apdus)


def seeds():
    credential = json.loads((HERE.parent / "vectors" / "credential.json").read_text())["credential"]
    message = bytes.fromhex(credential["message"])
    payload = bytes.fromhex(credential["payload"])
    state = bytes.fromhex(credential["active_state_file"])
    letter = json.loads((HERE.parent / "vectors" / "letter.json").read_text())["letter"]
    yield "letter_qr", "text", letter["text"].encode()
    yield "letter_qr", "payload", bytes.fromhex(letter["payload"])
    yield "cbor", "payload", payload
    yield "cbor", "to_be_signed", bytes.fromhex(credential["to_be_signed"])
    yield "cbor", "message_without_tag", message[1:]
    yield "credential", "message", message
    yield "credential", "payload", payload
    yield "state_file", "active", bytes([len(message) & 0xFF]) + message[:255] + state
    yield "state_file", "empty_credential", b"\x00" + state
    yield "old_pass", "number", b"KLPS109-000003\r\n"
    yield "old_pass", "url", b"https://example.org/pass?x=1&no=KLPS109-000003&y=%41#part"
    renewal = dict(
        id=ID, version=1, status="approved", held=False, pass_number="KHPS110-000038",
        old_pass_number="KLPS109-000003", valid_from="2020-12-02", valid_to="2023-07-05",
        pickup_port="KH", port_areas=["KH"], holder_name="吳添財", masked_id="E183*****",
        data_warnings=[],
    )
    yield "wire", "page", line(renewals=[renewal], cursor="c1")
    yield "wire", "fact", line(
        id=ID, incarnation=ID, seq=1, previous="00" * 32, at="2021-12-01T04:00:00.000Z",
        type="verified", renewal=ID, attempt=ID, epoch=1, card=UID, credential="D284",
        authorisation=ID, evidence="letter_signed+qr_number_matched", collector="holder",
        supervisor="s-17", reason="lost",
    )
    yield "wire", "facts_answer", line(
        acked_through=1, results=[dict(seq=1, outcome="applied", order="void_card")]
    )
    yield "wire", "release", line(claims=[dict(renewal=ID, epoch=1)])
    yield "wire", "held_claims", line(
        claims=[dict(renewal=ID, epoch=1, status="produced", attempt=ID, card=UID)]
    )
    yield "wire", "incarnation", line(follows=dict(incarnation=ID, seq=1, head="00" * 32))
    yield "wire", "status", line(
        at="2021-12-01T04:00:00.000Z", incarnation=ID, facts_owed=0, cards_in_doubt=0, software="s"
    )
    yield "wire", "letter_keys", line(points=["04" * 65])
    yield "wire", "claim", line(claim_id=ID, renewals=[ID])
    yield "wire", "claim_answer", line(
        granted=[dict(renewal=ID, epoch=1, lease_s=60)],
        refused=[dict(renewal=ID, code="held", detail="why")],
    )
    yield "wire", "authorisation", line(id=ID, expires_in_s=300)
    yield "wire", "request", line(station="kh", attempt=ID, epoch=1, card=UID)
    yield "wire", "acknowledged", line(incarnation=ID, seq=1, head="00" * 32)
    yield "wire", "problem", line(status=409, code="held", detail="why", retryable=False)
    yield "reader_link", "session", (
        frame(0x81, b"ACS ACR1252 00 00") + frame(0x83, bytes.fromhex("3B8180018080"))
        + frame(0x85, b"\x00\x40") + frame(0x86, b"\x91\x00") + frame(0x87) + frame(0x84)
        + frame(0x82, b"\x04gone") + frame(0x88, b"\x00left")
    )
    yield "reader_link", "to_worker", frame(1) + frame(2, b"\x90\x60\0\0\0") + frame(3, b"\x01\x02")
    version = [
        bytes.fromhex("04010112001A0591AF"), bytes.fromhex("04010102011A0591AF"),
        bytes.fromhex(UID) + bytes.fromhex("B90C16C40A4521") + bytes.fromhex("9100"),
    ]
    yield "hostile_card", "blank", answers(
        *version, bytes(56) + b"\x91\x90", b"\x00\x91\x00", bytes.fromhex("00140091 00"),
        bytes(8) + b"\x91\xAF", bytes(8) + b"\x91\x00", bytes(8) + b"\x91\x00",
    )
    yield "hostile_card", "endless", answers(*([b"\x00" * 59 + b"\x91\xAF"] * 40))
    yield "hostile_card", "gate", answers(
        b"\x91\x00", bytes(16) + b"\x91\xAF", bytes(32) + b"\x91\x00", which=1
    )
    asked = dict(
        pass_number="KHPS110-000038", old_pass_number="KLPS109-000003", valid_from="2020-12-02",
        valid_to="2023-11-27", port_areas=["高雄港", "前鎮漁港"],
    )
    yield "pass_file", "good", line(**asked)
    yield "pass_file", "escaped", json.dumps(asked, indent=1).encode()
    kept = dict(format=1, uid=UID, state="made", sequence=2, attempt=ID,
                pass_number="KHPS110-000038", key_generation=1, credential=message.hex())
    yield "card_record", "made", line(**kept)
    yield "card_record", "blank", line(format=1, uid=UID, state="blank", sequence=4)
    yield "key_store", "token", (
        b"pkcs11:token=pass%20station;serial=1?module-path=/usr/lib/softhsm/libsofthsm2.so"
        b"&pin-source=file:/etc/pin&trust-source=file:///etc/trust.json"
    )
    yield "key_store", "environment", (
        b"PKCS11:model=m;manufacturer=n;token=t?module-path=/m&pin-source=env:PIN"
    )
    yield "key_store", "folder", b"./keys"
    yield "key_store", "label", b"port-pass.gate-read.12"
    yield "key_store", "trust_list", line(keys=["04" * 65, "0A" * 65])
    yield "config", "whole", CONFIGURATION.encode()
    head = b"Host: localhost\r\n"
    yield "http", "get", b"GET /v1/a%2Fb?cursor=c%201&wait=2 HTTP/1.1\r\n" + head + b"\r\n"
    yield "http", "head", b"HEAD / HTTP/1.1\r\n" + head + b"\r\n"
    yield "http", "empty_line", b"\r\nGET / HTTP/1.1\r\n" + head + b"\r\n"
    yield "http", "post", (
        b"POST /v1 HTTP/1.1\r\n" + head + b"Content-Length: 2\r\nX-A: b\r\n\r\n{}"
        b"GET / HTTP/1.1\r\n" + head + b"Connection: close\r\n\r\n"
    )
    yield "http", "chunked", (
        b"POST / HTTP/1.1\r\n" + head + b"Transfer-Encoding: chunked\r\n\r\n"
        b"2;x=y\r\n{}\r\n0\r\nTrailer: t\r\n\r\n"
    )
    yield "http", "response", b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\n{}"


def main():
    for target, name, octets in seeds():
        folder = HERE / "seeds" / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(octets)
    return 0


if __name__ == "__main__":
    sys.exit(main())
