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
import subprocess
import sys
import time

PATIENCE = 120


def typed(command, match):
    group = match.group(1) if match.re.groups else match.group(0)
    done = subprocess.run(["sh", "-c", command], env=dict(os.environ, MATCH=group), stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False)
    return done.stdout


def follow(terminal, steps):
    """Until the program has closed its side."""
    shown, seen, deadline = "", 0, time.monotonic() + PATIENCE
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([terminal], [], [], left)[0]:
            sys.exit("it goes on, and has shown:\n" + shown)
        try:
            more = os.read(terminal, 4096)
        except OSError:
            return
        if not more:
            return
        text = decoder.decode(more)
        sys.stdout.write(text)
        sys.stdout.flush()
        shown += text
        match = steps and re.compile(steps[0][0]).search(shown, seen)
        if match:
            seen = match.end()
            os.write(terminal, typed(steps.pop(0)[1], match))


def main():
    end = sys.argv.index("--")
    words, program = sys.argv[1:end], sys.argv[end + 1:]
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(program[0], program)
    follow(terminal, list(zip(words[::2], words[1::2])))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main())
