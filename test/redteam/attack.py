"""Taking over a zone: the running worker is ended, and in its place the real supervisor starts the attacker, which is
the zone's own program up to the moment in which it locks itself (attacker/takeover.cc)."""

import os
import pathlib
import re
import select
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))

from processes import ZONES, children_of, wait_until  # noqa: E402

BINARIES = pathlib.Path(os.environ.get("AISIX_REDTEAM", "build/debug/bin")).resolve()
PATIENCE = 30  # seconds; only a failing test needs it


class Installation:
    """A prefix of the test's own, in which workers can be exchanged."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        (self.directory / "bin").mkdir(parents=True)
        self.workers = self.directory / "libexec" / "aisix"
        self.workers.mkdir(parents=True)
        # The supervisor looks for the others from where its own file is.
        self.gateway = self.directory / "bin" / "aisix"
        shutil.copy2(BINARIES / "aisix", self.gateway)
        for name in ("aisix-bootstrap", *ZONES.values()):
            self.put(name, BINARIES / name)

    def put(self, name, program):
        """From the next start on `program` runs as `name`."""
        new = self.workers / f"{name}.new"
        new.symlink_to(program)
        os.replace(new, self.workers / name)


class Attacker:
    """A zone that was taken over."""

    def __init__(self, installation, gateway, zone, targets, ready=True):
        self.installation, self.gateway, self.zone = installation, gateway, zone
        self.name = ZONES[zone]
        self.targets = dict(targets)
        program = installation.workers / self.name
        self.fifos = []
        for end in ("commands", "results"):
            path = f"{program}.{end}"
            if not os.path.exists(path):
                os.mkfifo(path)
            self.fifos.append(os.open(path, os.O_RDWR | os.O_NONBLOCK))
        self.text = b""
        installation.put(self.name, BINARIES / f"aisix-redteam-{zone}")
        before = gateway.worker(zone)
        self.victims = {other: gateway.worker(other) for other in ZONES if other != zone}
        if before:
            os.kill(before, signal.SIGKILL)
        self.begin(ready)

    def begin(self, ready=True):
        """Waits until the supervisor has started it (again)."""
        self.pid = int(dict(self._answers())["hello"])
        pids = {"supervisor": self.gateway.pid, "sibling": next(pid for pid in self.victims.values() if pid)}
        for name, value in {**self.targets, **pids}.items():
            self._send("target", name, value)
        if ready:
            assert self.ask("ready") == "OK"

    def _send(self, *words):
        os.write(self.fifos[0], ("\t".join(map(str, words)) + "\n").encode())

    def _answers(self):
        """[(name, outcome)] up to the dot."""
        deadline = time.monotonic() + PATIENCE
        found = []
        while True:
            while b"\n" in self.text:
                line, self.text = self.text.split(b"\n", 1)
                if line == b".":
                    return found
                found.append(tuple(line.decode(errors="replace").split("\t", 1)))
            left = deadline - time.monotonic()
            if left < 0 or not select.select([self.fifos[1]], [], [], left)[0]:
                raise AssertionError(f"the attacker in {self.zone} does not answer; last: {found[-3:]}")
            self.text += os.read(self.fifos[1], 65536)

    def command(self, *words):
        self._send(*words)
        return self._answers()

    def ask(self, *words):
        (_, outcome), = self.command(*words)
        return outcome

    def all(self, how):
        return dict(self.command("all", how))

    def lock(self):
        assert self.ask("lock") == "locked"

    def abuse(self, *words):
        return self.ask("abuse", *words)

    def again(self):
        """Ends this life; the supervisor starts the next one, with fresh links."""
        os.kill(self.pid, signal.SIGKILL)
        self.begin()
        self.lock()

    def end(self):
        """The zone gets its own program back."""
        self.installation.put(self.name, BINARIES / self.name)
        try:
            if self.gateway.worker(self.zone) == self.pid:
                os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        for fifo in self.fifos:
            os.close(fifo)
        wait_until(lambda: self.gateway.worker(self.zone) not in (None, self.pid), f"{self.zone} is itself again")


def resident_bytes(pid):
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


class Table:
    """expected.txt: {attempt: {column: outcome}}, and what differs where there is no Landlock."""

    def __init__(self, path):
        self.expected, self.without_landlock = {}, {}
        rows, self.columns = self.expected, None
        for line in pathlib.Path(path).read_text().splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("["):
                rows = self.without_landlock if "without Landlock" in line else self.expected
                continue
            cells = re.split(r"\s{2,}", line.strip())
            if self.columns is None:
                self.columns = cells[1:]
                continue
            assert len(cells) == len(self.columns) + 1, f"a row of {len(cells)} cells: {line}"
            assert cells[0] not in rows, f"twice: {cells[0]}"
            rows[cells[0]] = dict(zip(self.columns, cells[1:]))

    def of(self, column, landlock=True):
        """{attempt: the outcomes that are as they should be}"""
        found = {}
        for name, row in self.expected.items():
            cell = row[column]
            if not landlock and self.without_landlock.get(name, {}).get(column, "=") != "=":
                cell = self.without_landlock[name][column]
            found[name] = cell.split("/")
        return found


def worker_gone(gateway, pid):
    return pid not in [one for pids in children_of(gateway.pid).values() for one in pids]
