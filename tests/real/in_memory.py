#!/usr/bin/python3
"""in_memory.py PID: whether the text on standard input is in the writable memory of a process. Needs root."""

import sys

pid = sys.argv[1]
text = sys.stdin.read().strip().encode()
found = 0
with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
    for line in maps:
        addresses, permissions = line.split()[:2]
        if not permissions.startswith("rw"):
            continue
        start, end = (int(address, 16) for address in addresses.split("-"))
        try:
            memory.seek(start)
            found += memory.read(end - start).count(text)
        except OSError:
            pass  # reserved, and no memory
print(f"{found} times")
sys.exit(0 if found else 1)
