#!/usr/bin/env python3
"""Writes what a running program holds in its memory into a file, as a core file would have it.

    tests/checker/memory.py PID FILE

It reads by process_vm_readv, so that a program that forbids core dumps and debuggers is read all the
same by whoever rules its namespace. Only what the program can write to: text and constants of its files
are no secrets.
"""

import ctypes
import os
import pathlib
import re
import sys

CHUNK = 1 << 20


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def writable_regions(pid):
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
        bounds = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
        if bounds:
            yield int(bounds[1], 16), int(bounds[2], 16)


def read(pid, start, size):
    """What can be read; nothing where a page is not there."""
    library = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(size)
    here = Vector(ctypes.cast(buffer, ctypes.c_void_p), size)
    there = Vector(start, size)
    got = library.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    if got < 0 and ctypes.get_errno() != 14:  # EFAULT: a hole
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return buffer.raw[:max(got, 0)]


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    pid, total = int(sys.argv[1]), 0
    with open(sys.argv[2], "wb") as out:
        for start, end in writable_regions(pid):
            for at in range(start, end, CHUNK):
                total += out.write(read(pid, at, min(CHUNK, end - at)))
    print(f"{total} octets of process {pid}")
    return 0 if total else 1


if __name__ == "__main__":
    sys.exit(main())
