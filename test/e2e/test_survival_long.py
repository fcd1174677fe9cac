"""The long form of survival: many deaths, replacements and upgrades under a steady load. The figures are printed, once
more at the end of the run.

    AISIX_PREFIX=build/install python -m pytest --long test/e2e/test_survival_long.py      (some fifteen minutes)
    … --kills 5                                                                            (a tenth of the deaths)
"""

import math
import os
import re
import shutil
import signal
import statistics
import time

import pytest
from processes import PREFIX, ZONES, Gateway, children_of, wait_until
from resources import resources
from steady_load import SteadyLoad

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

RATE = 500
# Of 50 kills, which is the whole form.
REPLACEMENTS = 0.4
UPGRADES = 0.1
# A worker that dies within a second of being ready is started again with a growing pause: not what is measured.
BETWEEN_DEATHS = 1.3


@pytest.fixture
def kills(request):
    return request.config.getoption("kills")


def some(kills, part):
    return max(1, round(kills * part))


def percentile(values, part):
    """The smallest of them that so large a part of them does not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * part) - 1)]


def connections_to(mock):
    """Established connections to the provider, from the side of the gateway."""
    port = int(mock.url.rsplit(":", 1)[1])
    rows = [line.split() for line in open("/proc/net/tcp").read().splitlines()[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


def footprint(gateway, mock):
    """{zone: (open files, resident megabytes)} of the processes of all zones, and of the supervisor. Connections to the
    provider, which the proxy keeps for a while, are as many as the load just needed: they are not counted."""
    found = {zone: children_of(gateway.pid).get(name, []) for zone, name in ZONES.items()}
    found["supervisor"] = [gateway.pid]
    result = {}
    for zone, pids in found.items():
        assert len(pids) == 1, (zone, pids)
        try:
            files = len(os.listdir(f"/proc/{pids[0]}/fd"))
        except PermissionError:  # not dumpable: only root may look
            files = int(gateway.metric("process_open_fds", zone=zone))
        if zone == "proxy":
            files -= connections_to(mock)
        resident = re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pids[0]}/status").read()).group(1)
        result[zone] = files, int(resident) / 1024
    return result


def check_flat(show, before, after, zones):
    """Descriptors and memory of processes that lived all the time, at two quiet moments."""
    for zone in zones:
        show(f"survivor {zone}: {after[zone][0] - before[zone][0]:+} descriptors ({before[zone][0]} -> {after[zone][0]}), "
             f"{after[zone][1] - before[zone][1]:+.1f} MiB ({before[zone][1]:.1f} -> {after[zone][1]:.1f})")
    for zone in zones:
        # Some connections may just be closing.
        assert after[zone][0] <= before[zone][0] + 20, (zone, before[zone], after[zone])
        assert after[zone][1] <= before[zone][1] * 1.25 + 16, (zone, before[zone], after[zone])


def quiet(gateway):
    """Until no request runs and one worker of each zone is left."""
    wait_until(lambda: all(len(children_of(gateway.pid).get(name, [])) == 1 for name in ZONES.values()),
               "every zone has one worker", timeout=90)
    wait_until(lambda: not gateway.metric("aisix_proxy_in_flight_requests"), "nothing is in flight")


def warm(gateway):
    """Pools, arenas and snapshots have the size that this load gives them."""
    with SteadyLoad(gateway, RATE) as load:
        load.wait_for(RATE * 5)
    assert load.failures == []
    quiet(gateway)


def report(show, load):
    broken = sum(failure.stream for failure in load.failures)
    show(f"{load.sent} requests, {load.streams} of them streams, {load.achieved:.0f} per second, sent at most "
         f"{load.largest_delay * 1000:.0f} ms late; {len(load.failures)} failed, {broken} of them streams")
    assert load.achieved > RATE * 0.97, "the load was not held"


def kill(gateway, zone):
    """Kills the zone's worker; the moments of the signal and of its end."""
    victim = gateway.worker(zone)
    killed = time.monotonic()
    os.kill(victim, signal.SIGKILL)

    # A zombie whose threads still end may hold its connections; what was reaped holds none.
    def gone():
        return not os.path.exists(f"/proc/{victim}")

    wait_until(gone, "the worker is gone", interval=0.001)
    died = time.monotonic()
    wait_until(lambda: victim not in children_of(gateway.pid).get(ZONES[zone], []) and
               children_of(gateway.pid).get(ZONES[zone]), f"{zone} is back")
    return killed, died


def pause(seconds):
    """The load goes on; nothing else is to happen in this time."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= end, "time has passed", timeout=seconds + 5)


@pytest.mark.parametrize("zone", ["admin", "metrics", "egress"])
def test_deaths_beside_the_proxy(start_gateway, mock, show, kills, zone):
    gateway = start_gateway(resources(mock.base))
    warm(gateway)
    before = footprint(gateway, mock)
    with SteadyLoad(gateway, RATE) as load:
        load.wait_for(RATE)
        for _ in range(kills):
            kill(gateway, zone)
            pause(BETWEEN_DEATHS)
    show(f"{kills} x kill -9 of {zone}")
    report(show, load)
    assert [str(failure) for failure in load.failures] == []
    quiet(gateway)
    wait_until(lambda: gateway.metric("aisix_zone_restarts_total", zone=zone) == kills, "every death is counted")
    assert gateway.metric("aisix_zone_exits_total", zone=zone, reason="SIGKILL") == kills
    check_flat(show, before, footprint(gateway, mock), [z for z in before if z != zone])


def test_deaths_of_the_proxy(start_gateway, mock, show, kills):
    gateway = start_gateway(resources(mock.base))
    warm(gateway)
    before = footprint(gateway, mock)
    deaths, gaps = [], []
    with SteadyLoad(gateway, RATE) as load:
        load.wait_for(RATE)
        for _ in range(kills):
            # Streams that run are there to be cut.
            killed, died = kill(gateway, "proxy")
            gaps.append(load.first_served_after(died) - killed)
            deaths.append((killed, died))
            pause(BETWEEN_DEATHS)
    show(f"{kills} x kill -9 of proxy")
    report(show, load)
    # Lost is what was in flight: sent over a connection that the dead worker had, before its end could be seen.
    others = [str(failure) for failure in load.failures
              if not any(failure.opened <= died and failure.sent <= died and failure.ended >= killed
                         for killed, died in deaths)]
    show(f"{len(load.failures) - len(others)} of the failed were in flight at a death, {len(others)} were not")
    show(f"gap until new connections were served: p50 {percentile(gaps, 0.5) * 1000:.0f} ms, "
         f"p99 {percentile(gaps, 0.99) * 1000:.0f} ms ({min(gaps) * 1000:.0f} to {max(gaps) * 1000:.0f})")
    assert others == []
    quiet(gateway)
    check_flat(show, before, footprint(gateway, mock), [zone for zone in before if zone != "proxy"])


def counters(gateway):
    expression = re.compile(
        r"^((?:aisix_\w+_total|process_cpu_seconds_total|\w+_(?:count|sum|bucket))(?:\{[^}]*\})?) (\S+)$", re.M)
    # The supervisor's process time begins anew with nothing: it is one process.
    return {name: float(value) for name, value in expression.findall(gateway.metrics())}


def upgrade(gateway, seen, falls):
    """SIGUSR2, to its end; counters are read all the time."""
    since = len(gateway.log())
    gateway.signal(signal.SIGUSR2)

    def ended():
        now = counters(gateway)
        falls.extend(f"{name}: {value} -> {now.get(name)}" for name, value in seen.items()
                     if now.get(name, -1.0) < value - 1e-9)
        seen.update(now)
        outcome = re.search(r"upgrade (complete|incomplete|has failed|is refused)", gateway.log()[since:])
        return outcome and outcome.group(1)

    assert wait_until(ended, "the upgrade has ended", timeout=60) == "complete"


def check_nothing_lost(show, what, seconds, falls, load):
    """After `what`, which took so many seconds each: no request failed, and no counter was seen to fall."""
    show(f"{what}, {statistics.median(seconds):.2f} s each (median); {len(falls)} counters fell")
    report(show, load)
    assert [str(failure) for failure in load.failures] == []
    assert falls == []


def test_replacements(start_gateway, mock, show, kills):
    replacements = some(kills, REPLACEMENTS)
    gateway = start_gateway(resources(mock.base))
    warm(gateway)
    before = footprint(gateway, mock)
    seen, falls, seconds = {}, [], []
    with SteadyLoad(gateway, RATE) as load:
        load.wait_for(RATE)
        for _ in range(replacements):
            old = {zone: children_of(gateway.pid)[name] for zone, name in ZONES.items()}
            begun = time.monotonic()
            upgrade(gateway, seen, falls)
            seconds.append(time.monotonic() - begun)
            now = {zone: children_of(gateway.pid)[name] for zone, name in ZONES.items()}
            assert all(set(now[zone]) - set(old[zone]) for zone in ZONES), (old, now)
            load.wait_for(RATE)
    check_nothing_lost(show, f"{replacements} x replacement of every zone", seconds, falls, load)
    quiet(gateway)
    check_flat(show, before, footprint(gateway, mock), ["supervisor"])
    answered = gateway.metric("aisix_proxy_requests_total")
    assert answered >= load.answered


# The version as it stands in every program; of the same length, so that nothing moves.
VERSION = re.search(rb"\d+\.\d+\.\d+", os.popen(f"{PREFIX}/bin/aisix --version").read().encode()).group()


def rebuild(prefix, number):
    """The programs as a build of another version would have them, beside the installed ones."""
    version = VERSION[:-1] + str(number).encode()
    fresh = {}
    for directory in (PREFIX / "bin", PREFIX / "libexec" / "aisix"):
        for source in directory.iterdir():
            target = prefix / source.relative_to(PREFIX)
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh[target] = target.with_name(f"{target.name}.{number}")
            # A literal of its own, or the end of the line that --version prints.
            fresh[target].write_bytes(
                re.sub(rb"(?<![0-9.])" + re.escape(VERSION) + rb"(?=[\0\n])", version, source.read_bytes()))
            shutil.copymode(source, fresh[target])
    return version.decode(), fresh


def install(fresh):
    """New files under the old names, as a package manager does it."""
    for target, source in fresh.items():
        os.replace(source, target)


def test_upgrades_to_rebuilt_programs(tmp_path, mock, show, kills):
    prefix = tmp_path / "installed"
    upgrades = min(9, some(kills, UPGRADES))  # a digit of the version
    # Before the load begins: it needs this process's time.
    builds = [rebuild(prefix, number) for number in range(1, upgrades + 1)]
    install(rebuild(prefix, 0)[1])
    gateway = Gateway(tmp_path / "gateway", resources(mock.base), program=(prefix / "bin" / "aisix",))
    try:
        pid = gateway.pid
        warm(gateway)
        before = footprint(gateway, mock)
        seen, falls, seconds = {}, [], []
        with SteadyLoad(gateway, RATE) as load:
            load.wait_for(RATE)
            for version, fresh in builds:
                install(fresh)
                begun = time.monotonic()
                upgrade(gateway, seen, falls)
                seconds.append(time.monotonic() - begun)
                wait_until(lambda: gateway.metric("aisix_build_info", version=version) == 1, "the new build serves")
                assert gateway.pid == pid and gateway.alive()
                assert os.readlink(f"/proc/{pid}/exe") == str(prefix / "bin" / "aisix"), "the old program runs"
                load.wait_for(RATE)
        check_nothing_lost(show, f"{upgrades} x SIGUSR2 to a rebuilt program", seconds, falls, load)
        quiet(gateway)
        check_flat(show, before, footprint(gateway, mock), ["supervisor"])
    finally:
        gateway.stop()
