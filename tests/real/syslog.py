#!/usr/bin/env python3
"""syslog.py SOCKET FILE: a stand-in for syslogd; one message a line, as it came but for newlines."""
import os
import socket
import sys

path, file = sys.argv[1:]
if os.path.exists(path):
    os.unlink(path)
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(path)
os.chmod(path, 0o666)
with open(file, "ab", buffering=0) as out:
    while True:
        out.write(server.recv(65536).replace(b"\n", b"\x0b") + b"\n")
