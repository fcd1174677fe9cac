"""Looks for secrets in running processes: in their memory, their open files, their environment, their command line."""

import array
import base64
import os
import pathlib
import re
import secrets
import stat
import subprocess

# Both halves of a secret begin with a mark: one search tells whether there is anything at all, and a half that was left
# behind where the other one was overwritten is found, too.
MARKS = tuple("qZ" + secrets.token_hex(6) for _ in range(2))
CHUNK = 4 << 20
OVERLAP = 512  # longer than everything that is looked for
PAGE = os.sysconf("SC_PAGESIZE")
PRESENT, SWAPPED = 1 << 63, 1 << 62


def base64_forms(data):
    """What is the same in base64 wherever in a longer text `data` stands: one form for each of three positions."""
    forms = []
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data)
        forms.append(encoded[(before * 8 + 5) // 6:(before + len(data)) * 8 // 6])
    return forms


def forms_of(data):
    return [data, data.hex().encode(), *base64_forms(data)]


class Secret:
    """A text that nobody else has."""

    def __init__(self, name):
        self.name = name
        halves = [mark + secrets.token_hex(8) for mark in MARKS]
        self.text = "".join(halves)
        self.needles = [form for half in halves for form in forms_of(half.encode())]


class PrivateKey:
    """A private key on a curve, by its number: as the library keeps it, and as files have it."""

    def __init__(self, name, path):
        self.name = name
        text = subprocess.run(["openssl", "ec", "-in", str(path), "-noout", "-text"], capture_output=True, text=True,
                              check=True).stdout
        digits = re.search(r"priv:\n((?:\s+[0-9a-f:]+\n)+)", text).group(1)
        number = int(re.sub(r"[\s:]", "", digits), 16).to_bytes(32, "big")
        self.needles = [*forms_of(number), number[::-1]]
        # A file has line ends in the middle: the lines that consist of the number alone, or a good part of one.
        lines = [line.encode() for line in pathlib.Path(path).read_text().splitlines() if not line.startswith("-")]
        forms = base64_forms(number)
        parts = [line[:12] for line in lines if any(line[:12] in form for form in forms)]
        parts += [line[-12:] for line in lines if any(line[-12:] in form for form in forms)]
        assert parts, "no line of the file holds a part of the number"
        self.needles += parts


MARK_FORMS = [form for mark in MARKS for form in forms_of(mark.encode())]


def found_in(data, wanted):
    """Names of the secrets that `data` holds."""
    marked = any(form in data for form in MARK_FORMS)
    return {secret.name for secret in wanted
            if (marked or isinstance(secret, PrivateKey)) and any(needle in data for needle in secret.needles)}


def present_ranges(pagemap, start, end):
    """Ranges of pages that exist; the others are empty."""
    pagemap.seek(start // PAGE * 8)
    entries = array.array("Q", pagemap.read((end - start) // PAGE * 8))
    begin = None
    for index, entry in enumerate(entries):
        here = entry & (PRESENT | SWAPPED)
        if here and begin is None:
            begin = index
        if not here and begin is not None:
            yield start + begin * PAGE, start + index * PAGE
            begin = None
    if begin is not None:
        yield start + begin * PAGE, start + len(entries) * PAGE


def found_in_pieces(read, wanted):
    """`read(size)` until it returns nothing."""
    found, tail = set(), b""
    while data := read(CHUNK):
        found |= found_in(tail + data, wanted)
        tail = data[-OVERLAP:]
    return found


def is_unchanged_file(mode, inode, name):
    """Of a program or library: what cannot have been written to."""
    return mode[1] != "w" and mode[3] == "p" and inode != "0" and not name.endswith(" (deleted)")


def in_memory(pid, wanted):
    """PermissionError: this user may not look."""
    found = set()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory, open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pagemap:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            start, end, mode, inode, name = re.match(
                r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ (\d+) *(.*)", line).groups()
            if mode[0] != "r" or name in ("[vvar]", "[vsyscall]", "[vvar_vclock]") or is_unchanged_file(mode, inode, name):
                continue
            start, end = int(start, 16), int(end, 16)
            # Of a shared mapping the pages may be there without being mapped here.
            ranges = present_ranges(pagemap, start, end) if mode[3] == "p" else [(start, end)]
            for first, last in ranges:
                memory.seek(first)
                left = last - first

                def read(size):
                    nonlocal left
                    try:
                        data = memory.read(min(size, left))
                    except OSError:  # it went away meanwhile
                        return b""
                    left -= len(data)
                    return data

                found |= found_in_pieces(read, wanted)
    return found


def in_file(path, wanted):
    """Without its holes: the memory that the admin zone leaves behind is far larger than what it holds."""
    found = set()
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        offset = 0
        while True:
            try:
                offset = os.lseek(file, offset, os.SEEK_DATA)
                end = os.lseek(file, offset, os.SEEK_HOLE)
            except OSError:  # nothing but a hole
                return found
            os.lseek(file, offset, os.SEEK_SET)
            found |= found_in_pieces(lambda size: os.read(file, min(size, end - os.lseek(file, 0, os.SEEK_CUR))), wanted)
            offset = end
    finally:
        os.close(file)


def in_files(pid, wanted, own_files=()):
    """What can be read through open files: files in memory above all. `own_files`: paths that the operator wrote and
    named in the configuration, as long as they are there. Sockets and pipes hold what is on its way only, and reading would take it away."""
    found = set()
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(link)
            if not stat.S_ISREG(link.stat().st_mode) or target.startswith("/proc/"):
                continue
            if target not in own_files:
                found |= in_file(link, wanted)
        except FileNotFoundError:  # closed meanwhile
            continue
    return found


def on_show(pid, wanted):
    """Environment and command line."""
    return found_in(pathlib.Path(f"/proc/{pid}/environ").read_bytes(), wanted) | \
        found_in(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes(), wanted)
