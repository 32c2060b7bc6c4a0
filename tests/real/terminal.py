#!/usr/bin/python3
"""terminal.py [PATTERN COMMAND]... -- PROGRAM [ARGUMENT]...: runs a program in a pseudo-terminal of its own, prints what
it shows there, and ends with its exit status. Once that matches PATTERN, COMMAND is run by sh with the first group of
the match in $MATCH, and what it prints is typed into the terminal: a line, or ^C as one byte 3. The next PATTERN is for
what is shown from then on."""
import codecs
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

PATIENCE = 120


def typed(command, match):
    group = match.group(1) if match.re.groups else match.group(0)
    done = subprocess.run(["sh", "-c", command], env=dict(os.environ, MATCH=group), stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False)
    return done.stdout


def lead(program):
    """Runs it as the leader of the session, who tells its status and stays until that has been read: the end of a leader
    hangs up the terminal, and the system may throw away what has not been read by then."""
    signal.signal(signal.SIGINT, lambda *_: None)
    status = subprocess.run(program, check=False).returncode
    os.write(1, b"\0%d\n" % status)
    while True:
        signal.pause()


def follow(terminal, steps):
    """Until the program has ended: its status."""
    shown, seen, deadline = "", 0, time.monotonic() + PATIENCE
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([terminal], [], [], left)[0]:
            sys.exit("it goes on, and has shown:\n" + shown)
        before = len(shown)
        shown += decoder.decode(os.read(terminal, 4096))
        said, _, status = shown.partition("\0")
        sys.stdout.write(said[before:])
        sys.stdout.flush()
        if status.endswith("\n"):
            return int(status)
        match = steps and re.compile(steps[0][0]).search(said, seen)
        if match:
            seen = match.end()
            os.write(terminal, typed(steps.pop(0)[1], match))


def main():
    end = sys.argv.index("--")
    words, program = sys.argv[1:end], sys.argv[end + 1:]
    child, terminal = pty.fork()
    if child == 0:
        lead(program)
    status = follow(terminal, list(zip(words[::2], words[1::2])))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return status


if __name__ == "__main__":
    sys.exit(main())
