"""SIGUSR2: the supervisor runs its program anew in the same process, then every zone gets a new worker. Nobody notices."""

import json
import os
import re
import shutil
import signal
import threading

import httpx
import pytest
from load import Load
from processes import PREFIX, ZONES, children_of, wait_until
from resources import KEY, resources
from wire import chat_body

COUNTERS = re.compile(r"^((?:aisix_\w+_total|process_cpu_seconds_total|\w+_(?:count|sum|bucket))(?:\{[^}]*\})?) (\S+)$", re.M)


@pytest.fixture
def start_gateway(start_gateway):
    """A gateway of which the supervisor knows that it serves: before that it refuses to be upgraded."""
    def start(*arguments, **options):
        gateway = start_gateway(*arguments, **options)
        gateway.wait_for_log("all workers are ready")
        return gateway

    return start


def workers(gateway):
    """{zone: [pid, …]}"""
    found = children_of(gateway.pid)
    return {zone: sorted(found.get(name, [])) for zone, name in ZONES.items()}


def upgrade(gateway, outcome="upgrade complete"):
    """Sends SIGUSR2 and waits for its outcome in the log."""
    since = len(gateway.log())
    gateway.signal(signal.SIGUSR2)
    gateway.wait_for_log(outcome, timeout=60, since=since)


def only_new(gateway, old):
    """Every zone has exactly one worker, and none of the old ones."""
    now = workers(gateway)
    return all(len(pids) == 1 and not set(pids) & set(old[zone]) for zone, pids in now.items())


def counters(gateway):
    return {name: float(value) for name, value in COUNTERS.findall(gateway.metrics())}


class Falls:
    """Reads the counters again and again, and remembers those that went down."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.seen = {}
        self.fallen = []
        self.reads = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(30)

    def _run(self):
        while not self._stop.wait(0.02):
            now = counters(self.gateway)
            if not now:
                self.fallen.append("no answer")
            # The supervisor's own figures are of its process, and sent every ten seconds.
            for name, value in now.items():
                if value < self.seen.get(name, 0.0) - 1e-9:
                    self.fallen.append(f"{name}: {self.seen[name]} -> {value}")
                self.seen[name] = value
            for name in self.seen.keys() - now.keys():
                self.fallen.append(f"{name} is gone")
            self.reads += 1


@pytest.fixture
def installed(tmp_path):
    """An installation of the test's own, whose programs it may exchange."""
    prefix = tmp_path / "installed"
    shutil.copytree(PREFIX / "bin", prefix / "bin")
    shutil.copytree(PREFIX / "libexec", prefix / "libexec")
    return prefix


def exchange(prefix, program, script):
    """Another program under the name, as an installation does it: by renaming."""
    target = next(path for path in prefix.rglob(program) if path.is_file())
    fresh = target.with_name(program + ".new")
    fresh.write_text(script)
    fresh.chmod(0o755)
    os.replace(fresh, target)


def ask(gateway, what="chat"):
    return httpx.post(gateway.base + "/chat/completions", content=chat_body(what), timeout=30,
                      headers={"authorization": f"Bearer {KEY}", "content-type": "application/json"})


def test_nobody_notices(start_gateway, mock):
    """Under load with streams, twice: no failure, no counter goes down, the same supervisor, other workers."""
    gateway = start_gateway(resources(mock.base))
    supervisor = gateway.pid
    with Load(gateway) as load, Falls(gateway) as falls:
        load.wait_for(100)
        for _ in range(2):
            old = workers(gateway)
            upgrade(gateway)
            load.wait_for(100)
            assert {zone: len(pids) for zone, pids in workers(gateway).items() if zone != "proxy"} == {
                "admin": 1, "egress": 1, "metrics": 1}
            assert gateway.pid == supervisor and gateway.alive()
            assert all(set(pids) != set(old[zone]) for zone, pids in workers(gateway).items())
        wait_until(lambda: falls.reads > 10, "counters were read")
        asked = load.answered
    assert load.failures == []
    assert falls.fallen == []
    wait_until(lambda: only_new(gateway, old), "the old proxy worker has gone", timeout=60)
    wait_until(lambda: gateway.metric("aisix_proxy_requests_total") >= asked, "every request is counted")
    assert gateway.metric("aisix_zone_restarts_total") == 0
    assert gateway.status()["state"] == "synced"


def test_streams_end_on_the_old_worker(start_gateway, mock):
    """A stream of some seconds lives through two upgrades; the worker that serves it stays as long."""
    gateway = start_gateway(resources(mock.base))
    first = gateway.worker("proxy")
    with httpx.Client(timeout=30, headers={"authorization": f"Bearer {KEY}", "content-type": "application/json"}) as session:
        with session.stream("POST", gateway.base + "/chat/completions",
                            content=chat_body("mock/m?chunks=60&gap_ms=50", stream=True)) as reply:
            assert reply.status_code == 200
            lines = reply.iter_lines()
            seen = [next(lines)]
            for _ in range(2):
                upgrade(gateway)
            assert first in workers(gateway)["proxy"]
            assert ask(gateway).status_code == 200
            seen += list(lines)
    assert sum(line.startswith("data: {") for line in seen) >= 60
    assert seen[-1] == "data: [DONE]" or "data: [DONE]" in seen
    wait_until(lambda: first not in workers(gateway)["proxy"], "the first worker has gone")


def test_idle_connections_get_one_more_answer(start_gateway, mock):
    """A connection that was open before is told to close with its next answer, not before it."""
    gateway = start_gateway(resources(mock.base))
    with httpx.Client(timeout=30, headers={"authorization": f"Bearer {KEY}", "content-type": "application/json"}) as session:
        def once():
            return session.post(gateway.base + "/chat/completions", content=chat_body())
        assert once().headers.get("connection") != "close"
        upgrade(gateway)
        reply = once()
        assert reply.status_code == 200 and reply.headers["connection"] == "close"
        assert once().headers.get("connection") != "close"


def test_the_configuration_is_read_again(start_gateway, mock):
    gateway = start_gateway(resources(mock.base))
    settings = json.loads(gateway.config_path.read_text())
    settings["observability"]["metrics"]["prometheus"]["path"] = "/other"
    gateway.config_path.write_text(json.dumps(settings))
    assert gateway.metrics_get("/other")[0] == 404
    upgrade(gateway)
    assert gateway.metrics_get("/other")[0] == 200
    assert gateway.metrics_get("/metrics")[0] == 404


@pytest.mark.parametrize("change", [lambda text: "{", lambda text: text.replace('"workers": 2', '"workers": 3')],
                         ids=["broken", "other number of loops"])
def test_a_configuration_that_cannot_be_taken(start_gateway, mock, change):
    """Logged; the upgrade goes on with the one in use."""
    gateway = start_gateway(resources(mock.base))
    gateway.config_path.write_text(change(gateway.config_path.read_text()))
    old = workers(gateway)
    upgrade(gateway)
    assert "the configuration is refused, the one in use stays" in gateway.log()
    assert ask(gateway).status_code == 200
    wait_until(lambda: only_new(gateway, old), "other workers serve")


def test_a_program_that_cannot_go_on(start_gateway, mock, installed):
    """The new supervisor is asked before anything is given up."""
    gateway = start_gateway(resources(mock.base), program=(installed / "bin" / "aisix",))
    old = workers(gateway)
    exchange(installed, "aisix", "#!/bin/sh\nexit 3\n")
    upgrade(gateway, "upgrade has failed, everything stays as it is.*exit code 3")
    assert ask(gateway).status_code == 200
    assert workers(gateway) == old
    # And when the right one is there, it is taken.
    shutil.copy2(PREFIX / "bin" / "aisix", installed / "bin" / "aisix.new")
    os.replace(installed / "bin" / "aisix.new", installed / "bin" / "aisix")
    upgrade(gateway)
    wait_until(lambda: only_new(gateway, old), "other workers serve")


def test_a_program_that_hangs(start_gateway, mock, installed):
    """While the new supervisor is asked, the old one does its work."""
    gateway = start_gateway(resources(mock.base), program=(installed / "bin" / "aisix",))
    old = workers(gateway)
    gate = installed / "gate"
    os.mkfifo(gate)
    exchange(installed, "aisix", f"#!/bin/sh\nread line <{gate}\nexit 4\n")
    since = len(gateway.log())
    gateway.signal(signal.SIGUSR2)
    wait_until(lambda: children_of(gateway.pid).get("sh"), "the new program is asked")
    for zone in ("egress", "admin", "proxy"):
        os.kill(old[zone][0], signal.SIGKILL)
    wait_until(lambda: only_new(gateway, {**old, "metrics": []}), "the workers are started again")
    wait_until(lambda: ask(gateway).status_code == 200, "it serves")
    assert "upgrade has failed" not in gateway.log()[since:]
    with open(gate, "w") as opened:
        opened.write("\n")
    gateway.wait_for_log("upgrade has failed, everything stays as it is.*exit code 4", since=since)
    assert ask(gateway).status_code == 200


@pytest.mark.parametrize("zone", list(ZONES))
def test_a_worker_that_cannot_run(start_gateway, mock, installed, zone):
    """The zone keeps its old worker, and so do those whose turn had not come."""
    gateway = start_gateway(resources(mock.base), program=(installed / "bin" / "aisix",))
    old = workers(gateway)
    exchange(installed, ZONES[zone], "#!/bin/sh\nexit 3\n")
    with Load(gateway) as load:
        upgrade(gateway, "upgrade incomplete")
        load.wait_for(50)
    assert load.failures == []
    now = workers(gateway)
    order = ["egress", "admin", "metrics", "proxy"]
    for kept in order[order.index(zone):]:
        assert now[kept] == old[kept]
    for replaced in order[:order.index(zone)]:
        assert set(now[replaced]) != set(old[replaced])
    assert gateway.status()["state"] == "synced"


def test_two_signals_at_once(start_gateway, mock):
    gateway = start_gateway(resources(mock.base))
    gateway.signal(signal.SIGUSR2)
    gateway.wait_for_log("executes its program again")
    gateway.signal(signal.SIGUSR2)
    gateway.signal(signal.SIGHUP)
    wait_until(lambda: len(re.findall("upgrade complete", gateway.log())) == 2, "both have their effect")
    assert ask(gateway).status_code == 200


def test_deaths_meanwhile(start_gateway, mock):
    """Each zone's worker is killed once while an upgrade is under way: the gateway serves and can be upgraded again."""
    gateway = start_gateway(resources(mock.base))
    for zone in ZONES:
        victims = workers(gateway)[zone]
        since = len(gateway.log())
        gateway.signal(signal.SIGUSR2)
        gateway.wait_for_log("runs its program anew", since=since)
        for victim in victims:
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                pass  # an old one that has gone in peace
        gateway.wait_for_log("upgrade (in)?complete", timeout=60, since=since)
        wait_until(lambda: ask(gateway).status_code == 200, "it serves")
    upgrade(gateway)
    gateway.wait_ready()
    assert gateway.status()["state"] == "synced"


def test_the_end_meanwhile(start_gateway, mock):
    """SIGTERM during an upgrade ends the process in order."""
    gateway = start_gateway(resources(mock.base))
    gateway.signal(signal.SIGUSR2)
    gateway.wait_for_log("runs its program anew")
    everybody = sum(workers(gateway).values(), [])
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0
    assert "clean shutdown" in gateway.log()
    assert all(not os.path.exists(f"/proc/{pid}") for pid in everybody)


def test_workers_still_die_with_the_supervisor(start_gateway, mock):
    """Also those that an earlier image of it started."""
    gateway = start_gateway(resources(mock.base))
    upgrade(gateway)
    everybody = sum(workers(gateway).values(), [])
    gateway.signal(signal.SIGKILL)
    gateway.wait()

    def gone(pid):
        try:
            return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] in "ZX"
        except (FileNotFoundError, ProcessLookupError):
            return True

    wait_until(lambda: all(gone(pid) for pid in everybody), "no worker is left", timeout=5)


def test_nothing_is_left_open(start_gateway, mock):
    """Neither the supervisor nor a worker collects descriptors from one upgrade to the next."""
    gateway = start_gateway(resources(mock.base))

    def descriptors():
        old = workers(gateway)
        upgrade(gateway)
        wait_until(lambda: only_new(gateway, old), "the old workers have gone")
        pids = [gateway.pid, *sum(workers(gateway).values(), [])]
        return [len(os.listdir(f"/proc/{pid}/fd")) for pid in pids]

    descriptors()
    counts = [descriptors() for _ in range(6)]
    # One or two may be under way; what is collected shows after five upgrades.
    assert max(last - first for first, last in zip(counts[0], counts[-1])) <= 3, counts
