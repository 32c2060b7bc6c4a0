#!/usr/bin/env python3
"""mute_nameserver.py FILE: a name server on 127.0.0.1 that answers nothing before FILE exists, and from then on that
every name is 127.0.0.1."""
import os
import socket
import sys

ADDRESS, NO_ERROR = b"\x00\x01", b"\x81\x80"


def answer(query):
    """RFC 1035 §4.1: a header of 12 bytes, then the name, its type and its class."""
    end = query.index(b"\0", 12) + 1
    question = query[12 : end + 4]
    records = b""
    if query[end : end + 2] == ADDRESS:
        records = b"\xc0\x0c" + question[-4:] + (60).to_bytes(4, "big") + b"\x00\x04" + socket.inet_aton("127.0.0.1")
    counts = b"\x00\x01" + (b"\x00\x01" if records else b"\x00\x00") + b"\x00\x00\x00\x00"
    return query[:2] + NO_ERROR + counts + question + records


server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
print("ready", flush=True)
while True:
    query, peer = server.recvfrom(512)
    print("asked", flush=True)
    if os.path.exists(sys.argv[1]):
        server.sendto(answer(query), peer)
