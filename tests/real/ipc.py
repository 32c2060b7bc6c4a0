#!/usr/bin/python3
"""ipc.py show|refresh|revoke ACCOUNT, ipc.py status: a caller of pizauthd, written from pizauth-ipc(7) alone."""
import glob, json, os, socket, stat, struct, sys

def directories():
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    places = [f"{runtime}/pizauth"] if os.path.isabs(runtime) else []
    return places + [f"/run/user/{os.geteuid()}/pizauth", *glob.glob(os.path.expanduser("~/.local/state/pizauth/run-*"))]

def is_private(directory):
    found = os.lstat(directory)
    return stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077 and found.st_uid == os.geteuid()

def connect():
    named = os.environ.get("PIZAUTH_SOCKET")
    for path in [named] if named else [directory + "/pizauth.sock" for directory in directories()]:
        daemon = socket.socket(socket.AF_UNIX)
        daemon.settimeout(10)
        if daemon.connect_ex(path) == 0 and (named or is_private(os.path.dirname(path))):
            peer = struct.unpack("3i", daemon.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
            if peer in (0, os.geteuid()):
                return daemon
    raise ConnectionError("no daemon of this user answers")

def ask(request, **members):
    with connect() as daemon, daemon.makefile("rb") as answers:
        text = json.dumps({request: members}).encode()
        daemon.sendall(struct.pack(">IBB", len(text) + 2, 1, 1) + text)
        length, version, kind = struct.unpack(">IBB", answers.read(6))
        if version != 1 or kind not in (3, 4) or not 2 <= length <= (262144 if kind == 3 else 16777216):
            raise ConnectionError(f"version {version}, kind {kind} and {length} bytes: not what can be read here")
        return json.loads(answers.read(length - 2)).popitem()
try:
    answer, members = ask(sys.argv[1], **{"account": name for name in sys.argv[2:]})
except (OSError, ValueError, struct.error) as error:
    sys.exit(print("ipc.py:", error, file=sys.stderr) or 2)
done = answer in ("access_token", "refresh_scheduled", "revoked", "status")
print(members.get("access_token") or json.dumps(members), file=sys.stdout if done else sys.stderr)
sys.exit(not done)
