"""A kernel that has less: what a program that is about to be executed will not find."""

import ctypes
import pathlib
import platform
import struct

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LANDLOCK_CREATE_RULESET = 444  # of every processor
SECCOMP = {"x86_64": 317, "aarch64": 277}[platform.machine()]
LOAD, EQUAL, ANSWER = 0x20, 0x15, 0x06
ALLOW, ERRNO, ENOSYS = 0x7fff0000, 0x00050000, 38


def mask(*calls):
    """In the calling process and all that it starts these system calls answer ENOSYS. A seccomp filter: any process
    may install one, and the kernel does not run it for calls that it never refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    instructions = [(LOAD, 0, 0, 0)]
    for call in calls:
        instructions += [(EQUAL, 0, 1, call), (ANSWER, 0, 0, ERRNO | ENOSYS)]
    instructions.append((ANSWER, 0, 0, ALLOW))
    program = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    filter_ = Program(len(instructions), ctypes.cast(buffer, ctypes.c_void_p))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or \
            libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter_)) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def mask_landlock():
    mask(LANDLOCK_CREATE_RULESET)


def mask_landlock_and_seccomp():
    mask(LANDLOCK_CREATE_RULESET, SECCOMP)


def landlock_abi():
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, 1))


def task_status(pid):
    """[{name: value} of /proc/<pid>/task/*/status]: of every thread."""
    tasks = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        tasks.append(dict(line.split(":\t", 1) for line in lines if ":\t" in line))
    return tasks
