"""What a process does not need, it does not have: looked at from outside, in the running processes."""

import json
import os
import pathlib
import re
import signal

import httpx
import pytest
from kernel import landlock_abi, mask_landlock, mask_landlock_and_seccomp, task_status
from processes import ZONES, wait_until
from resources import KEY, resources

UPSTREAM_SECRET = "sk-upstream-51d0c6e2f9"
CALLER_SECRET = "sk-caller-7e3a90b4d8"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, mock):
    from processes import Gateway
    base = resources(mock.base)
    base["provider_keys"][0]["api_key"] = "${UPSTREAM_SECRET}"
    base["api_keys"].append({"display_name": "from-env", "key_env": "CALLER_SECRET", "allowed_models": ["*"]})
    process = Gateway(tmp_path_factory.mktemp("isolated"), base, environment={
        "UPSTREAM_SECRET": UPSTREAM_SECRET, "CALLER_SECRET": CALLER_SECRET})
    # A request, so that everything that is used once was used.
    reply = httpx.post(process.base + "/chat/completions", headers={"authorization": f"Bearer {CALLER_SECRET}"},
                       json={"model": "chat", "messages": [{"role": "user", "content": "x"}]})
    assert reply.status_code == 200
    yield process
    process.stop()


def processes(gateway):
    return {"supervisor": gateway.pid, **{zone: gateway.worker(zone) for zone in ZONES}}


def test_no_environment(gateway):
    for name, pid in processes(gateway).items():
        environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        assert CALLER_SECRET.encode() not in environment and UPSTREAM_SECRET.encode() not in environment, name
        if name != "supervisor":
            assert environment.strip(b"\0") == b"", name


def test_every_thread_is_locked(gateway):
    """In every thread of every worker."""
    for zone in ZONES:
        tasks = task_status(gateway.worker(zone))
        assert tasks
        for status in tasks:
            assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), zone
            for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                assert int(status[name], 16) == 0, (zone, name)


MECHANISMS = ["descriptors", "core_dumps", "no_new_privs", "bounding_set", "capabilities", "landlock", "seccomp"]


def isolation(gateway):
    """What the workers report; the supervisor, which cannot be asked, is left out."""
    zones = json.loads(gateway.metrics_get("/status/isolation")[1])["zones"]
    return {zone["zone"]: zone for zone in zones if zone["zone"] != "supervisor"}


def states(report):
    return {measure["mechanism"]: measure["state"] for measure in report["mechanisms"]}


def test_status_isolation(gateway):
    reports = isolation(gateway)
    assert set(reports) == set(ZONES)
    for zone, report in reports.items():
        assert report["isolation"] == "enforce"
        assert list(states(report)) == MECHANISMS
        for mechanism in ("descriptors", "core_dumps", "no_new_privs", "capabilities", "seccomp"):
            assert states(report)[mechanism] == "full", (zone, report)
        assert states(report)["landlock"] == ("full" if landlock_abi() >= 6 else "partial"), (zone, report)
        assert len(report["attempts"]) >= 10
        assert [attempt for attempt in report["attempts"] if not attempt["refused"]] == [], zone
        assert report["kernel"]["Seccomp"] == "2"
        if zone != "metrics":
            assert 0 <= report["answer_age_seconds"] < 60


def test_the_supervisor_tells_what_it_gave_up(gateway):
    def reported():
        zones = json.loads(gateway.metrics_get("/status/isolation")[1])["zones"]
        return next((zone for zone in zones if zone["zone"] == "supervisor"), None)

    report = wait_until(reported, "the supervisor has told")
    assert states(report) == {"core_dumps": "full", "no_new_privs": "full", "capabilities": "full",
                              "bounding_set": states(report)["bounding_set"]}
    status = task_status(gateway.pid)[0]
    assert (status["NoNewPrivs"], int(status["CapEff"], 16), int(status["CapPrm"], 16)) == ("1", 0, 0)
    assert (states(report)["bounding_set"] == "full") == (int(status["CapBnd"], 16) == 0)
    assert gateway.metric("aisix_isolation_active", zone="supervisor", mechanism="capabilities") == 1


def test_isolation_is_a_metric(gateway):
    value = {"full": 1, "partial": 0.5, "absent": 0}
    for zone, report in isolation(gateway).items():
        for mechanism, state in states(report).items():
            assert gateway.metric("aisix_isolation_active", zone=zone, mechanism=mechanism) == value[state]


def test_isolation_is_logged_once_for_each_zone(gateway):
    for zone in ZONES:
        assert len(re.findall(rf"zone is locked.*\bzone={zone}\b", gateway.log())) == 1, zone


def test_a_dead_zone_is_shown_by_its_last_answer(start_gateway):
    """Stopped, not killed: a zone that hangs must not take the page with it."""
    gateway = start_gateway(resources("http://127.0.0.1:9/v1"))
    before = isolation(gateway)["egress"]
    egress = gateway.worker("egress")
    os.kill(egress, signal.SIGSTOP)
    try:
        report = isolation(gateway)["egress"]
    finally:
        os.kill(egress, signal.SIGCONT)
    assert report["answer_age_seconds"] > before["answer_age_seconds"]
    assert report["mechanisms"] == before["mechanisms"]


def test_enforce_does_not_start_without_landlock(tmp_path):
    from processes import Gateway
    gateway = Gateway(tmp_path / "gateway", resources("http://127.0.0.1:9/v1"), wait=False, prepare=mask_landlock)
    try:
        assert gateway.wait() == 1
    finally:
        gateway.stop()
    last = gateway.log().strip().splitlines()[-1]
    assert re.search(r"^Error: isolation: the \w+ zone cannot be locked: landlock is absent \(.*Linux 5.13.*best_effort", last)


@pytest.mark.parametrize("prepare, absent", [
    (mask_landlock, ["landlock"]), (mask_landlock_and_seccomp, ["landlock", "seccomp"])], ids=["Landlock", "both"])
def test_best_effort_starts_with_what_there_is(tmp_path, mock, prepare, absent):
    from processes import Gateway
    gateway = Gateway(tmp_path / "gateway", resources(mock.base), {"isolation": "best_effort"}, prepare=prepare)
    try:
        for zone, report in isolation(gateway).items():
            assert report["isolation"] == "best_effort"
            found = states(report)
            assert [mechanism for mechanism in MECHANISMS if found[mechanism] == "absent"] == absent, zone
            reasons = {measure["mechanism"]: measure["reason"] for measure in report["mechanisms"]}
            assert "the kernel does not have it" in reasons[absent[-1]]
        assert len(re.findall("zone is not locked completely", gateway.log())) == len(ZONES)
        reply = httpx.post(gateway.base + "/chat/completions", headers={"authorization": f"Bearer {KEY}"},
                           json={"model": "chat", "messages": [{"role": "user", "content": "x"}]})
        assert reply.status_code == 200
    finally:
        gateway.stop()


def test_no_core_files(gateway):
    for zone in ZONES:
        limits = pathlib.Path(f"/proc/{gateway.worker(zone)}/limits").read_text()
        assert re.search(r"Max core file size\s+0\s+0", limits), zone


def listening_inodes():
    inodes = {}
    for name in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                inodes[fields[9]] = int(fields[1].rsplit(":", 1)[1], 16)
    return inodes


def test_each_listener_in_one_zone(gateway):
    """Who holds which listening socket: the supervisor all of them, each worker its own."""
    ports = {name: int(gateway._listening(name).rsplit(":", 1)[1]) for name in ("proxy", "admin", "metrics")}
    listening = listening_inodes()
    held = {}
    for name, pid in processes(gateway).items():
        held[name] = set()
        for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            match = re.match(r"socket:\[(\d+)\]", str(link.readlink()))
            if match and match.group(1) in listening:
                held[name].add(listening[match.group(1)])
    assert held == {"supervisor": set(ports.values()), "proxy": {ports["proxy"]}, "admin": {ports["admin"]},
                    "metrics": {ports["metrics"]}, "egress": set()}


def test_workers_hold_no_files(gateway):
    """Every file came as an open descriptor and was closed, or is a memory file; nothing was opened by path."""
    for zone in ZONES:
        for link in pathlib.Path(f"/proc/{gateway.worker(zone)}/fd").iterdir():
            target = str(link.readlink())
            assert not target.startswith(str(gateway.directory)) or target == str(gateway.log_path) or \
                zone == "admin" and target.startswith(str(gateway.resources_path)), (zone, target)
