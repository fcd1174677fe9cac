"""Starts a program with listening sockets, by systemd's protocol (sd_listen_fds)."""

import socket
import sys

# Moves its arguments' descriptors to 3, 4 … and executes the rest of its command line, as systemd does.
LAUNCHER = """
import fcntl, os, sys
passed = [int(fd) for fd in sys.argv[1].split(",")]
high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in passed]
os.closerange(3, 100)
for index, fd in enumerate(high):
    os.dup2(fd, 3 + index)
    os.close(fd)
os.environ.setdefault("LISTEN_PID", str(os.getpid()))
os.environ["LISTEN_FDS"] = str(len(passed))
os.execv(sys.argv[2], sys.argv[2:])
"""


def listening(kind=socket.SOCK_STREAM, host="127.0.0.1", port=0):
    made = socket.socket(type=kind)
    made.bind((host, port))
    if kind == socket.SOCK_STREAM:
        made.listen(16)
    return made


def address_of(made):
    return "{}:{}".format(*made.getsockname())


def passing(sockets, *program):
    """Arguments of Process and Gateway. `program`: with whatever executes it before it. What is not passed in the environment (LISTEN_FDNAMES) is the caller's affair."""
    fds = [entry.fileno() for entry in sockets]
    return {"program": [sys.executable, "-c", LAUNCHER, ",".join(map(str, fds)), *program], "descriptors": fds}
