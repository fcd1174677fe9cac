"""Capabilities for programs under test: on files, and on processes before they execute something."""

import ctypes
import os
import pathlib
import random
import re
import shutil
import socket
import struct

import pytest
from processes import GATEWAY, PREFIX

USER = 10001  # as in the container image
NET_BIND_SERVICE = 10
LAST_CAPABILITY = 63

PR_CAPBSET_READ, PR_CAPBSET_DROP = 23, 24
PR_SET_KEEPCAPS, PR_SET_NO_NEW_PRIVS = 8, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
SYS_capset = {"x86_64": 126, "aarch64": 91}[os.uname().machine]

libc = ctypes.CDLL(None, use_errno=True)


def require_root():
    if os.geteuid() != 0:
        pytest.skip("only root gives capabilities to files and becomes another user")


def require_low_ports_to_be_privileged():
    start = int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if start < 1024:
        pytest.skip(f"net.ipv4.ip_unprivileged_port_start is {start} here: no capability is needed")


def _check(result):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def _prctl(*arguments):
    _check(libc.prctl(*[ctypes.c_ulong(argument) for argument in arguments]))


def _set_capabilities(mask):
    """Permitted, effective and inheritable."""
    header = struct.pack("=Ii", 0x20080522, 0)
    low, high = mask & 0xFFFFFFFF, mask >> 32
    data = struct.pack("=6I", low, low, low, high, high, high)
    _check(libc.syscall(SYS_capset, header, data))


def become(user=USER, permitted=(), ambient=(), bounding=None, no_new_privs=False):
    """For `prepare`: becomes `user` with these capabilities and nothing else. Ambient ones survive execve of any
    program, permitted ones that of a program whose file has them. `bounding`: None leaves that set alone."""
    mask = 0
    for capability in (*permitted, *ambient):
        mask |= 1 << capability

    def prepare():
        if bounding is not None:
            for capability in range(LAST_CAPABILITY + 1):
                if capability not in bounding and libc.prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1:
                    _prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        if user != 0:
            _prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        _set_capabilities(mask)
        for capability in ambient:
            _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)
        if no_new_privs:
            _prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)

    return prepare


def install_copy(directory, file_capability=None):
    """A copy of the installed gateway below `directory`, which any user may execute. `file_capability`: "p"
    (permitted) or "ep" (and effective) CAP_NET_BIND_SERVICE on its file. Returns the program."""
    directory = pathlib.Path(directory)
    for folder in ("bin", "libexec/aisix"):
        (directory / folder).mkdir(parents=True)
    for program in (PREFIX / "libexec" / "aisix").iterdir():
        try:
            os.link(program, directory / "libexec" / "aisix" / program.name)
        except OSError:  # another file system
            shutil.copy2(program, directory / "libexec" / "aisix" / program.name)
    gateway = directory / "bin" / "aisix"
    shutil.copy2(GATEWAY, gateway)
    for path in (directory, *(entry for entry in directory.glob("**/*") if entry.is_dir()), gateway):
        path.chmod(0o755)  # not the workers: they may be links to the installed ones
    if file_capability is not None:
        if os.statvfs(gateway).f_flag & os.ST_NOSUID:
            pytest.skip(f"{directory} is mounted nosuid: capabilities of files have no effect")
        revision_2 = 0x02000000 | ("e" in file_capability)
        value = struct.pack("<5I", revision_2, 1 << NET_BIND_SERVICE, 0, 0, 0)
        try:
            os.setxattr(gateway, "security.capability", value)
        except OSError as error:
            pytest.skip(f"no capability can be given to a file here: {error}")
    return gateway


def free_low_address():
    """An address of this host's loopback network that nobody uses, with a port below 1024."""
    for port in (80, *random.sample(range(100, 1024), 100)):  # somebody may have 80 on all addresses
        host = f"127.{random.randint(1, 254)}.{random.randint(0, 254)}.{random.randint(1, 254)}"
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
        return f"{host}:{port}"
    pytest.skip("this process cannot bind a port below 1024 either")


def capabilities(pid):
    """{"CapEff": 0, …} of a process, and NoNewPrivs."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    found = {name: int(value, 16) for name, value in re.findall(r"^(Cap\w+):\s*(\w+)$", text, re.M)}
    found["NoNewPrivs"] = int(re.search(r"^NoNewPrivs:\s*(\d)$", text, re.M).group(1))
    return found
