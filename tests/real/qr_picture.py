#!/usr/bin/python3
"""qr_picture.py SHADE: what a terminal whose background has this shade (0: black, 255: white) shows of a QR code among the
lines of standard input, as a picture in PGM on standard output. Its white is no brighter than that of a console."""
import re
import sys

BLACK, WHITE, PIXELS, AROUND = 0, 170, 4, 12
HALVES = {" ": (WHITE, WHITE), "▀": (BLACK, WHITE), "▄": (WHITE, BLACK), "█": (BLACK, BLACK)}

shade = int(sys.argv[1])
text = sys.stdin.buffer.read().decode("utf-8")
lines = re.findall("\x1b\\[0;30;47m([ ▀▄█]+)\x1b\\[0m", text)
rows = [[HALVES[half][part] for half in line] for line in lines for part in (0, 1)]
if not rows:
    sys.exit("there is no QR code")
width = len(rows[0]) + 2 * AROUND
empty = [[shade] * width] * AROUND
whole = empty + [[shade] * AROUND + row + [shade] * AROUND for row in rows] + empty
picture = b"".join(bytes(square for square in row for _ in range(PIXELS)) * PIXELS for row in whole)
sys.stdout.buffer.write(b"P5 %d %d 255\n" % (width * PIXELS, len(whole) * PIXELS) + picture)
