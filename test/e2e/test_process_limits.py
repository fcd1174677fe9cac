"""Limits of the processes, and the first process of a container."""

import os
import pathlib
import re
import shutil
import signal
import subprocess

import httpx
import pytest
from processes import GATEWAY, ZONES, wait_until
from resources import KEY, resources


def test_as_many_descriptors_as_allowed(start_gateway, mock):
    """Started with the soft limit of a login shell, every process has the hard one."""
    gateway = start_gateway(resources(mock.base))
    for pid in (gateway.pid, *(gateway.worker(zone) for zone in ZONES)):
        soft, hard = re.search(r"^Max open files\s+(\S+)\s+(\S+)", pathlib.Path(f"/proc/{pid}/limits").read_text(), re.M).groups()
        assert soft == hard and int(hard) > 1024


def stat_of(pid):
    """(state, parent); None when there is no such process."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[1])


def test_first_process_of_a_container(start_gateway, mock, tmp_path):
    """It finds its file by AISIX_CONFIG_PATH, reaps what was never its own, and ends when told to."""
    unshare = shutil.which("unshare")
    probe = unshare and subprocess.run([unshare, "--pid", "--fork", "true"], capture_output=True).returncode == 0
    if not probe:
        pytest.skip("no process id namespace can be made here")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    # The subshell that starts it ends at once: `cat` is left to process 1, which becomes the gateway.
    script = f'(cat "{fifo}" >/dev/null &); AISIX_CONFIG_PATH="$2" exec "$0"'
    gateway = start_gateway(resources(mock.base), program=[unshare, "--pid", "--fork", "/bin/sh", "-c", script, GATEWAY])
    inside = wait_until(lambda: children_named(gateway.pid, "aisix"), "the gateway is process 1 of the namespace")[0]
    assert re.search(r"^NSpid:\s+\d+\s+1$", pathlib.Path(f"/proc/{inside}/status").read_text(), re.M)
    orphan = wait_until(lambda: children_named(inside, "cat"), "the orphan is its child")[0]
    os.close(os.open(fifo, os.O_WRONLY))  # it reads the end of the file, and ends
    wait_until(lambda: stat_of(orphan) is None, "the orphan is reaped")
    reply = httpx.post(gateway.base + "/chat/completions", headers={"authorization": f"Bearer {KEY}"}, timeout=30,
                       json={"model": "chat", "messages": [{"role": "user", "content": "x"}]})
    assert reply.status_code == 200
    os.kill(inside, signal.SIGTERM)
    assert gateway.wait() == 0


def children_named(pid, name):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            try:
                if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == name:
                    found.append(int(child))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found
