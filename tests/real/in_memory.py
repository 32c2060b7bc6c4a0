#!/usr/bin/python3
"""in_memory.py [--at-exit] PID: whether one of the lines of standard input is in the writable memory of a process. Needs
root. With --at-exit it says "watching" and looks when the process ends: after its last instruction, before the kernel
takes the memory back."""

import ctypes
import os
import signal
import sys

CONT, DETACH, SEIZE = 7, 17, 0x4206
TRACE_EXIT, EVENT_EXIT, ALL_CHILDREN = 0x40, 6, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def ptrace(request, pid, data):
    arguments = [ctypes.c_long(number) for number in (request, pid, 0, data)]
    if libc.ptrace(*arguments) != 0:
        sys.exit(f"ptrace: {os.strerror(ctypes.get_errno())}")


def wait_for_exit(pid):
    ptrace(SEIZE, pid, TRACE_EXIT)
    print("watching", flush=True)
    while True:
        _, status = os.waitpid(pid, ALL_CHILDREN)
        if not os.WIFSTOPPED(status):
            sys.exit("it ended unseen")
        if status >> 8 == signal.SIGTRAP | EVENT_EXIT << 8:
            return
        ptrace(CONT, pid, 0 if status >> 16 else os.WSTOPSIG(status))


def count(pid, texts):
    found = 0
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            addresses, permissions = line.split()[:2]
            if not permissions.startswith("rw"):
                continue
            start, end = (int(address, 16) for address in addresses.split("-"))
            try:
                memory.seek(start)
                content = memory.read(end - start)
            except OSError:
                continue  # reserved, and no memory
            found += sum(content.count(text) for text in texts)
    return found


pid = int(sys.argv[-1])
texts = [line.encode() for line in sys.stdin.read().split()]
if "--at-exit" in sys.argv:
    wait_for_exit(pid)
found = count(pid, texts)
if "--at-exit" in sys.argv:
    ptrace(DETACH, pid, 0)
print(f"{found} times")
sys.exit(0 if found else 1)
