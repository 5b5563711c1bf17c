#!/usr/bin/python3
"""Draws the sample photos: a head and shoulders of plain colour for each pass of the sample lists that
has a photo. No person sat for them.

    /usr/bin/python3 draw_photos.py    writes photos/<pass number>.png beside this file
"""

import csv
import hashlib
import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).parent
WIDTH, HEIGHT = 120, 160


def shade(seed, base):
    return tuple(base + octet % 48 for octet in seed[:3])


def rows(seed):
    paper, cloth = shade(seed, 200), shade(seed[3:], 60)
    skin = shade(seed[6:], 150)
    head_x, head_y = WIDTH / 2 + seed[9] % 5 - 2, 62 + seed[10] % 7 - 3
    for y in range(HEIGHT):
        row = bytearray([0])  # filter type: none
        for x in range(WIDTH):
            head = ((x - head_x) / 27) ** 2 + ((y - head_y) / 35) ** 2 <= 1
            shoulders = ((x - WIDTH / 2) / 55) ** 2 + ((y - HEIGHT - 6) / 56) ** 2 <= 1
            row += bytes(skin if head else cloth if shoulders else paper)
        yield bytes(row)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(number):
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(rows(hashlib.sha256(number.encode()).digest())), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def numbers():
    with open(HERE / "eligible-passes.csv", encoding="utf-8") as lines:
        yield from (row["pass_no"] for row in csv.DictReader(lines) if row["photo"] == "有")
    with open(HERE / "renewals-list.csv", encoding="utf-8") as lines:
        yield from (row["pass_no"] for row in csv.DictReader(lines))


for each in numbers():
    (HERE / "photos" / f"{each}.png").write_bytes(png(each))
