"""Programs under measurement, and what /proc says about them."""

import os
import pathlib
import socket
import subprocess
import sys
import time

TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, timeout=60):
    ends = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > ends:
            sys.exit(f"still not so after {timeout} s: {what}")
        time.sleep(0.02)


class Stage:
    """Starts programs; ends all of them, in the reverse order."""

    def __init__(self):
        self.started = []

    def start(self, arguments, log, environment=None):
        with open(log, "wb") as output:
            process = subprocess.Popen([str(argument) for argument in arguments], stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=output, env={"PATH": os.environ["PATH"], **(environment or {})})
        self.started.append(process)
        return process

    def stop(self, process):
        if process in self.started:
            self.started.remove(process)
            end(process)

    def close(self):
        while self.started:
            end(self.started.pop())


def end(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def family(pid):
    """The process and everything below it."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += family(int(child))
    return found


def cpu_seconds(pid):
    """User and system time of the family."""
    total = 0
    for member in family(pid):
        fields = pathlib.Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory(pid):
    """Resident and proportional memory of the family in MiB; proportional is None where it may not be read."""
    resident, proportional = 0, 0
    for member in family(pid):
        status = pathlib.Path(f"/proc/{member}/status").read_text()
        resident += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
        try:
            rollup = pathlib.Path(f"/proc/{member}/smaps_rollup").read_text()
            if proportional is not None:
                proportional += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        except PermissionError:
            proportional = None
    return {"resident_mib": round(resident / 1024, 2),
            "proportional_mib": None if proportional is None else round(proportional / 1024, 2)}


def settled(side, timeout=60):
    """Waits until the side, started and not yet used, does nothing any more."""
    ends = time.monotonic() + timeout
    while time.monotonic() < ends:
        before = cpu_seconds(side.pid)
        time.sleep(1)
        if cpu_seconds(side.pid) - before < 0.03:
            return
    sys.exit(f"{side.name} is still busy after {timeout} s without a request")
