"""kill -9 of every zone: it is back with its configuration before a client that retries once notices."""

import os
import signal
import time

import httpx
import pytest
from load import Load
from processes import ZONES, children_of, wait_until
from resources import KEY, resources


def ask(gateway):
    return httpx.post(gateway.base + "/chat/completions", headers={"authorization": f"Bearer {KEY}"}, timeout=30,
                      json={"model": "chat", "messages": [{"role": "user", "content": "x"}]})


def kill_and_wait(gateway, zone):
    old = gateway.worker(zone)
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: gateway.worker(zone) not in (None, old), f"{zone} is back")
    return old


def test_one_process_per_zone(start_gateway, mock):
    gateway = start_gateway(resources(mock.base))
    found = children_of(gateway.pid)
    assert set(found) == set(ZONES.values())
    assert all(len(pids) == 1 for pids in found.values())


@pytest.mark.parametrize("zone", list(ZONES))
def test_killed_worker(start_gateway, mock, zone):
    gateway = start_gateway(resources(mock.base))
    with Load(gateway, retries=1) as load:
        load.wait_for(50)
        kill_and_wait(gateway, zone)
        load.wait_for(200)
    assert load.failures == []
    assert ask(gateway).status_code == 200
    wait_until(lambda: gateway.metric("aisix_zone_restarts_total", zone=zone) == 1, "the restart is counted")
    wait_until(lambda: gateway.status()["state"] == "synced", "the status is whole again")


@pytest.mark.parametrize("zone", ["admin", "metrics", "egress"])
def test_requests_do_not_need_the_others(start_gateway, mock, zone):
    """With pooled connections, the death of another zone costs no request at all."""
    gateway = start_gateway(resources(mock.base))
    with Load(gateway, retries=0) as load:
        load.wait_for(100)
        kill_and_wait(gateway, zone)
        load.wait_for(200)
    assert load.failures == []


def test_reload_after_the_death_of_admin(start_gateway, mock):
    """The new admin worker has the file, the generation and the links."""
    from resources import model
    base = resources(mock.base)
    gateway = start_gateway(base)
    kill_and_wait(gateway, "admin")
    wait_until(lambda: gateway.metrics_get("/status/config")[0] == 200 and gateway.status()["state"] == "synced",
               "admin answers")
    base["models"].append(model("after-death", "m"))
    gateway.write_resources(base)
    gateway.signal(signal.SIGHUP)
    wait_until(lambda: httpx.post(gateway.base + "/chat/completions", headers={"authorization": f"Bearer {KEY}"},
                                  json={"model": "after-death", "messages": [{"role": "user", "content": "x"}]}
                                  ).status_code == 200, "the new model is served")


def test_broken_file_does_not_survive_a_restart_as_outage(start_gateway, mock):
    """The file is broken, then admin and proxy die: the last good configuration still serves."""
    gateway = start_gateway(resources(mock.base))
    gateway.reload("_format_version: 2\n")
    kill_and_wait(gateway, "admin")
    kill_and_wait(gateway, "proxy")
    reply = ask(gateway)
    assert reply.status_code == 200, reply.text


def test_all_at_once(start_gateway, mock):
    gateway = start_gateway(resources(mock.base))
    old = {zone: gateway.worker(zone) for zone in ZONES}
    for pid in old.values():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: all(gateway.worker(zone) not in (None, pid) for zone, pid in old.items()), "all are back")
    assert ask(gateway).status_code == 200
    gateway.wait_ready()


def test_supervisor_death_ends_all(start_gateway, mock):
    gateway = start_gateway(resources(mock.base))
    pids = [gateway.worker(zone) for zone in ZONES]
    gateway.signal(signal.SIGKILL)
    gateway.wait()

    def gone(pid):
        try:
            return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True

    wait_until(lambda: all(gone(pid) for pid in pids), "no worker is left", timeout=5)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_many_kills(start_gateway, mock):
    gateway = start_gateway(resources(mock.base))
    with Load(gateway, retries=2) as load:
        for turn in range(100):
            kill_and_wait(gateway, list(ZONES)[turn % 4])
            load.wait_for(50)
            # Deaths within a second of the start are held back with a growing pause; that is another test's subject.
            started = time.monotonic()
            wait_until(lambda: time.monotonic() - started > 1.1, "a second passed")
    assert load.failures == []
