"""Pick-up letters of a real centrald, read by programs that had no part in making them: zbarimg reads
the code, python3-cryptography verifies it, poppler shows fonts and words.

    /usr/bin/python3 letter_test.py PROGRAMS
"""

import email
import email.policy
import hashlib
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from central_process import Central, Ledger, eventually

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
CARD = "04A1B2C3D4E5F6"
PASS = "KHPS109-010323"


def output(*command):
    return subprocess.run(command, capture_output=True, check=True).stdout


def from_base45(text):
    octets = b""
    for at in range(0, len(text), 3):
        group = text[at:at + 3]
        value = sum(ALPHABET.index(letter) * 45 ** place for place, letter in enumerate(group))
        octets += value.to_bytes(len(group) - 1, "big")
    return octets


def verified(text, points):
    """The claims in a letter's code, once a key of the central has verified them."""
    assert text.startswith("PL1:") and text.endswith("."), text[:8]
    message = cbor2.loads(from_base45(text[4:-1]))
    assert message.tag == 18
    protected, unprotected, payload, signature = message.value
    assert cbor2.loads(protected) == {1: -7}
    point = next(each for each in map(bytes.fromhex, points)
                 if hashlib.sha256(each).digest()[:8] == unprotected[4])
    r, s = (int.from_bytes(signature[at:at + 32], "big") for at in (0, 32))
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point).verify(
        utils.encode_dss_signature(r, s), cbor2.dumps(["Signature1", protected, b"", payload]),
        ec.ECDSA(hashes.SHA256()))
    return cbor2.loads(payload)


class MailSink(threading.Thread):
    """Takes every message but the first, which it refuses for now."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.messages, self.tries = self.listener.getsockname()[1], [], 0
        self.start()

    def run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer, peer.makefile("rwb") as stream:
                self.converse(stream)

    def converse(self, stream):
        def say(text):
            stream.write(text + b"\r\n")
            stream.flush()
        say(b"220 sink")
        for line in stream:
            word = line[:4].upper()
            if word == b"DATA":
                self.tries += 1
                if self.tries == 1:
                    say(b"451 later")
                    continue
                say(b"354 go on")
                lines = list(iter(stream.readline, b".\r\n"))
                self.messages.append(b"".join(lines))
                say(b"250 taken")
            elif word == b"QUIT":
                say(b"221 bye")
                return
            else:
                say(b"250 ok")


class Letters(unittest.TestCase):
    programs = None

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.spool = self.folder / "spool"
        self.central = None

    def tearDown(self):
        if self.central:
            self.central.stop()
        self.temporary.cleanup()

    def start(self, *options):
        self.central = Central(self.programs, self.folder, *options)

    def claimed(self):
        self.number, = self.central.apply(PASS)
        self.id = self.central.renewal(self.number)["id"]
        self.ledger = Ledger(self.central)
        self.ledger.claim(self.id)

    def letters(self):
        return self.central.admin("GET", "letters")["letters"]

    def spooled(self):
        return sorted(path.name for path in self.spool.iterdir())

    def code_of(self, pdf):
        output("pdftoppm", "-png", "-r", "150", pdf, self.folder / "page")
        picture, = self.folder.glob("page*.png")
        return output("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable",
                      picture).decode().rstrip("\n")

    def test_a_verified_card_makes_a_letter_that_others_can_read(self):
        self.spool.mkdir()
        self.start("--letter-spool", self.spool)
        self.claimed()
        self.ledger.produce(self.id, 1, CARD)
        eventually(lambda: len(self.spooled()) == 1 and self.letters()[0]["sent_at"])
        letter, = self.letters()
        self.assertEqual(self.spooled(), [f"{self.number}-{letter['id']}.pdf"])
        pdf = self.spool / self.spooled()[0]
        if keep := os.environ.get("KEEP_LETTER"):
            pathlib.Path(keep).write_bytes(pdf.read_bytes())
        fonts = output("pdffonts", pdf).decode().splitlines()[2:]
        self.assertTrue(fonts)
        for font in fonts:
            self.assertIn("NotoSansCJK", font)
            self.assertEqual(font.split()[-5], "yes", font)  # embedded
        words = output("pdftotext", "-layout", pdf, "-").decode()
        for word in ("領證通知信", "原通行證", self.number, PASS, "2020/12/02", "2023/11/27", "高雄港",
                     "2021/12/01"):
            self.assertIn(word, words)
        for secret in ("E123079435", "E123", CARD):
            self.assertNotIn(secret, words)
        points = self.central.ask("GET", "/v1/letter-keys").json["points"]
        claims = verified(self.code_of(pdf), points)
        self.assertEqual(claims, {
            2: self.number, 4: 1701100800, -70002: PASS, -70006: "KH", -70007: 1,
            -70005: bytes.fromhex(self.id.replace("-", ""))})

    def test_a_letter_survives_a_kill_and_a_folder_that_is_not_there(self):
        self.start("--letter-spool", self.spool)
        self.claimed()
        self.ledger.produce(self.id, 1, CARD)
        points = self.central.ask("GET", "/v1/letter-keys").json["points"]
        letter, = self.letters()
        self.assertEqual(letter["sent_at"], "")
        self.central.kill()
        self.spool.mkdir()
        self.central.start()
        eventually(lambda: self.letters()[0]["sent_at"])
        self.assertEqual(self.spooled(), [f"{self.number}-{letter['id']}.pdf"])
        verified(self.code_of(self.spool / self.spooled()[0]), points)  # by the key from before

    def test_the_letter_of_a_card_that_was_lost_is_superseded_by_the_next_ones(self):
        self.spool.mkdir()
        self.start("--letter-spool", self.spool)
        self.claimed()
        attempt = self.ledger.produce(self.id, 1, CARD)
        self.ledger.send(self.ledger.line("voided", self.id, attempt, CARD, 1, reason="test"))
        self.ledger.produce(self.id, 1, "04000000000001")
        eventually(lambda: self.letters()[-1]["sent_at"])
        first, second = self.letters()
        self.assertNotEqual(first["superseded_at"], "")
        self.assertEqual(second["superseded_at"], "")
        self.assertIn(f"{self.number}-{second['id']}.pdf", self.spooled())

    def test_a_superseded_letter_that_waits_is_not_sent(self):
        self.start()
        self.claimed()
        attempt = self.ledger.produce(self.id, 1, CARD)
        self.ledger.send(self.ledger.line("spoiled", self.id, attempt, CARD, 1, reason="test"))
        self.central.stop()
        self.spool.mkdir()
        self.central.options = ("--letter-spool", self.spool)
        self.central.start()
        attempt = self.ledger.produce(self.id, 1, CARD)
        eventually(lambda: self.letters()[-1]["sent_at"])
        self.assertEqual(len(self.spooled()), 1)

    def test_a_letter_is_mailed_once_the_server_takes_it(self):
        sink = MailSink()
        self.start("--letter-smtp", f"smtp://127.0.0.1:{sink.port}", "--letter-from",
                   "letters@central.example")
        self.claimed()
        self.ledger.produce(self.id, 1, CARD)
        eventually(lambda: self.letters()[0]["sent_at"])
        sink.listener.close()
        self.assertEqual(sink.tries, 2)
        message, = (email.message_from_bytes(each, policy=email.policy.default)
                    for each in sink.messages)
        name = f"{self.number}-{self.letters()[0]['id']}"
        self.assertEqual(message["Subject"], "領證通知信")
        self.assertEqual(message["Message-ID"], f"<{name}@central.example>")
        self.assertEqual(message["To"], "passes@company.example")
        self.assertIsNotNone(message["Date"])
        attachment, = message.iter_attachments()
        self.assertEqual(attachment.get_filename(), name + ".pdf")
        self.assertTrue(attachment.get_content().startswith(b"%PDF-"))
        self.assertIn("原通行證", message.get_body().get_content())

    def test_the_key_is_for_its_owner_only(self):
        self.start()
        self.assertEqual((self.folder / "letter-key.pem").stat().st_mode & 0o777, 0o600)
        self.assertNotIn(b"PRIVATE", (self.folder / "centrald.log").read_bytes())


if __name__ == "__main__":
    Letters.programs = sys.argv[1]
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
