"""Runs a command as on a kernel that has neither seccomp nor Landlock: `isolation: best_effort` then locks nothing, and
instruments that open files within a worker (profile counters, valgrind) work. Only for measuring.

  python3 bench/scenarios/unlocked.py COMMAND…
"""

import ctypes
import errno
import os
import sys

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
EQUAL, PR_SET_SECCOMP = 4, 22


class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def refuse_locks():
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(ALLOW))
    none = (Comparison * 1)()
    for name in ("seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if library.seccomp_rule_add_array(rules, ERRNO | errno.ENOSYS, number, 0, none):
            sys.exit(f"cannot refuse {name}")
    number = library.seccomp_syscall_resolve_name(b"prctl")
    only = (Comparison * 1)(Comparison(0, EQUAL, PR_SET_SECCOMP, 0))
    if library.seccomp_rule_add_array(rules, ERRNO | errno.EINVAL, number, 1, only) or library.seccomp_load(rules):
        sys.exit("cannot load the filter")


if __name__ == "__main__":
    refuse_locks()
    os.execv(sys.argv[1], sys.argv[1:])
