#!/usr/bin/env python3
"""mute_nameserver.py FILE: a name server on 127.0.0.1 that answers nothing before FILE exists, and from then on that
every name is 127.0.0.1. But many.example has 28 addresses, of which it tells at once; at their port 9 a connection
gets neither accepted nor refused."""
import os
import socket
import sys

ADDRESS, NO_ERROR = b"\x00\x01", b"\x81\x80"
MANY, SILENT = b"\x04many\x07example\0", [f"127.9.0.{number}" for number in range(1, 29)]


def is_about_many(query):
    return query[12:].startswith(MANY)


def answer(query):
    """RFC 1035 §4.1: a header of 12 bytes, then the name, its type and its class."""
    end = query.index(b"\0", 12) + 1
    question = query[12 : end + 4]
    addresses = SILENT if is_about_many(query) else ["127.0.0.1"]
    if query[end : end + 2] != ADDRESS:
        addresses = []
    head = b"\xc0\x0c" + question[-4:] + (60).to_bytes(4, "big") + b"\x00\x04"
    records = b"".join(head + socket.inet_aton(address) for address in addresses)
    counts = b"\x00\x01" + len(addresses).to_bytes(2, "big") + b"\x00\x00\x00\x00"
    return query[:2] + NO_ERROR + counts + question + records


def be_silent(address):
    """A listener with room for one connection, which is taken."""
    listener = socket.socket()
    listener.bind((address, 9))
    listener.listen(0)
    return listener, socket.create_connection((address, 9))


silent = [be_silent(address) for address in SILENT]
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
print("ready", flush=True)
while True:
    query, peer = server.recvfrom(512)
    if not is_about_many(query):
        print("asked", flush=True)
    if is_about_many(query) or os.path.exists(sys.argv[1]):
        server.sendto(answer(query), peer)
