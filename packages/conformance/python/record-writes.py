"""A disk in memory for nbdkit that notes every write and every flush, in order.

Parameters: image=FILE (first content; its size is the disk's), record=FILE (appended to), disk=N (0 to 255).

A record: one byte of kind (1 write, 2 flush), one byte of disk, offset as 8 and length as 4 bytes, big-endian, then what was
written. Disks that share a file are in the order in which they answered: each record is one write in append mode.
"""

import os
import pathlib
import struct

import nbdkit

API_VERSION = 2
WRITE, FLUSH = 1, 2

parameters = {}
content = bytearray()
record = -1


def config(key, value):
    parameters[key] = value


def get_ready():
    global content, record
    content = bytearray(pathlib.Path(parameters["image"]).read_bytes())
    record = os.open(parameters["record"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def open(readonly):
    return 1


def thread_model():
    return nbdkit.THREAD_MODEL_SERIALIZE_ALL_REQUESTS


def get_size(handle):
    return len(content)


def can_flush(handle):
    return True


def pread(handle, buffer, offset, flags):
    buffer[:] = content[offset : offset + len(buffer)]


def pwrite(handle, buffer, offset, flags):
    content[offset : offset + len(buffer)] = buffer
    note(WRITE, offset, bytes(buffer))


def flush(handle, flags):
    note(FLUSH, 0, b"")


def note(kind, offset, data):
    line = struct.pack(">BBQI", kind, int(parameters["disk"]), offset, len(data)) + data
    if os.write(record, line) != len(line):
        raise OSError("the record is cut short")
