#!/usr/bin/python3
"""A gate written from cardformat/README.md alone, with python3-cbor2 and python3-cryptography: reads
the dialogues of cardformat/EXAMPLES.md and checks every octet that a gate checks.

    gate.py EXAMPLES.md
"""

import hashlib
import re
import sys
import zlib

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

RND_A = bytes(range(0x10, 0x20))
BLOCK = 16


def encrypt(key, iv, data):
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return cipher.update(data) + cipher.finalize()


def decrypt(key, iv, data):
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return cipher.update(data) + cipher.finalize()


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def subkeys(key):
    value = int.from_bytes(encrypt(key, bytes(BLOCK), bytes(BLOCK)), "big")
    found = []
    for _ in range(2):
        value = (value << 1) ^ (0x87 if value >> 127 else 0)
        value &= (1 << 128) - 1
        found.append(value.to_bytes(BLOCK, "big"))
    return found


def cmac(key, message, iv=bytes(BLOCK)):
    whole, padded = subkeys(key)
    last = whole
    if not message or len(message) % BLOCK:
        message += b"\x80" + bytes(-(len(message) + 1) % BLOCK)
        last = padded
    message = message[:-BLOCK] + xor(message[-BLOCK:], last)
    return encrypt(key, iv, message)[-BLOCK:]


def diversified(master, data):
    message = b"\x01" + data
    message += b"\x80" + bytes(31 - len(message))
    message = message[:-BLOCK] + xor(message[-BLOCK:], subkeys(master)[1])
    return encrypt(master, bytes(BLOCK), message)[-BLOCK:]


def rotated(data):
    return data[1:] + data[:1]


class Dialogue:
    """Commands as the page has them, in its order; each must be what this gate sends."""

    def __init__(self, lines):
        self.commands = [bytes.fromhex(line[2:]) for line in lines[0::2]]
        self.answers = [bytes.fromhex(line[2:]) for line in lines[1::2]]

    def frame(self, ins, parameters):
        sent = bytes([0x90, ins, 0, 0])
        if parameters:
            sent += bytes([len(parameters)]) + parameters
        assert self.commands.pop(0) == sent + b"\x00", "the page's gate sends something else"
        answer = self.answers.pop(0)
        assert answer[-2] == 0x91
        return answer[:-2], answer[-1]

    def send(self, ins, parameters=b""):
        data, status = self.frame(ins, parameters)
        while status == 0xAF:
            more, status = self.frame(0xAF, b"")
            data += more
        assert status == 0
        return data


class Ev1:
    command = 0xAA
    parameters = b"\x01"

    def authenticate(self, dialogue, key):
        challenge, status = dialogue.frame(self.command, self.parameters)
        assert status == 0xAF
        rnd_b = decrypt(key, bytes(BLOCK), challenge)
        token = encrypt(key, challenge[-BLOCK:], RND_A + rotated(rnd_b))
        answer = dialogue.send(0xAF, token)
        assert decrypt(key, token[-BLOCK:], answer) == rotated(RND_A)
        self.key = RND_A[:4] + rnd_b[:4] + RND_A[12:] + rnd_b[12:]
        self.iv = bytes(BLOCK)

    def read(self, dialogue, file, length):
        parameters = bytes([file]) + bytes(3) + length.to_bytes(3, "little")
        self.iv = cmac(self.key, b"\xBD" + parameters, self.iv)
        answer = dialogue.send(0xBD, parameters)
        plain = decrypt(self.key, self.iv, answer)
        self.iv = answer[-BLOCK:]
        for end in range(len(plain) - 4, 0, -1):
            crc = (zlib.crc32(plain[:end] + b"\x00") ^ 0xFFFFFFFF).to_bytes(4, "little")
            padding = plain[end + 4 :]
            marked = padding[:1] == b"\x80" and not any(padding[1:])
            if plain[end : end + 4] == crc and (not any(padding) or (length == 0 and marked)):
                return plain[:end]
        raise AssertionError("no CRC32 fits")


class Ev2:
    command = 0x71
    parameters = b"\x01\x00"

    def authenticate(self, dialogue, key):
        challenge, status = dialogue.frame(self.command, self.parameters)
        assert status == 0xAF
        zeros = bytes(BLOCK)
        rnd_b = decrypt(key, zeros, challenge)
        token = encrypt(key, zeros, RND_A + rotated(rnd_b))
        answer = decrypt(key, zeros, dialogue.send(0xAF, token))
        self.ti = answer[:4]
        assert answer[4:20] == rotated(RND_A)
        x = RND_A[:2] + xor(RND_A[2:8], rnd_b[:6]) + rnd_b[6:] + RND_A[8:]
        self.enciphering = cmac(key, bytes.fromhex("A55A00010080") + x)
        self.authentic = cmac(key, bytes.fromhex("5AA500010080") + x)
        self.counter = 0

    def mac(self, first, data):
        counter = self.counter.to_bytes(2, "little")
        return cmac(self.authentic, bytes([first]) + counter + self.ti + data)[1::2]

    def read(self, dialogue, file, length):
        parameters = bytes([file]) + bytes(3) + length.to_bytes(3, "little")
        answer = dialogue.send(0xBD, parameters + self.mac(0xBD, parameters))
        self.counter += 1
        cryptogram, mac = answer[:-8], answer[-8:]
        assert mac == self.mac(0x00, cryptogram)
        block = b"\x5A\xA5" + self.ti + self.counter.to_bytes(2, "little") + bytes(8)
        iv = encrypt(self.enciphering, bytes(BLOCK), block)
        plain = decrypt(self.enciphering, iv, cryptogram).rstrip(b"\x00")
        assert plain[-1:] == b"\x80"
        return plain[:-1]


def check_credential(octets, uid, point, kid):
    message = cbor2.loads(octets)
    assert message.tag == 18
    protected, unprotected, payload, signature = message.value
    assert cbor2.loads(protected) == {1: -7} and unprotected == {4: kid}
    assert kid == hashlib.sha256(point).digest()[:8]
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    pair = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    key.verify(utils.encode_dss_signature(*pair), signed, ec.ECDSA(hashes.SHA256()))
    claims = cbor2.loads(payload)
    assert claims[-70001] == uid and claims[-70004] == 1 and claims[5] < claims[4]


def check_state(octets, credential):
    assert octets == b"\x01\x02" + hashlib.sha256(credential).digest()[:24]


def main():
    page = open(sys.argv[1], encoding="utf-8").read()

    def value(name):
        row = re.search(r"^\| " + re.escape(name) + r" \| `(\w+)` \|$", page, re.M)
        return bytes.fromhex(row[1])

    dialogues = re.findall(r"## A gate reads an active (\w+)\n.*?```\n(.*?)```", page, re.S)
    assert [chip for chip, _ in dialogues] == ["EV1", "EV2", "EV3"]
    for chip, text in dialogues:
        dialogue = Dialogue(text.splitlines())
        version = dialogue.send(0x60)
        uid = version[14:21]
        session = {0x01: Ev1, 0x12: Ev2, 0x33: Ev2}[version[3]]()
        dialogue.send(0x5A, bytes.fromhex("504BF5"))
        assert dialogue.send(0x64, b"\x01") == b"\x01"
        key = diversified(value("master `gate-read`"), uid + bytes.fromhex("F54B50") + b"PortPass")
        assert key == value("key `gate-read`")
        session.authenticate(dialogue, key)
        credential = session.read(dialogue, 1, 0)
        state = session.read(dialogue, 3, 26)
        assert not dialogue.commands and credential == value("`pass`")
        check_credential(credential, uid, value("signing key, public point"), value("`kid`"))
        check_state(state, credential)
        print(f"{chip}: genuine and active")


if __name__ == "__main__":
    main()
