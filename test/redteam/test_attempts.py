"""Every attempt in every zone, against expected.txt: the attacker is the zone's own program, started by the real
supervisor beside the other zones, with the zone's own profile, descriptors and links."""

import pathlib

import pytest
from attack import Attacker, Table
from conftest import Site
from kernel import landlock_abi

TABLE = Table(pathlib.Path(__file__).parent / "expected.txt")
COLUMNS = ["proxy", "metrics", "egress", "admin", "admin+etcd"]
TCP_RULES = 4  # the Landlock ABI that has them

# What is stopped without the lock, too: by files that are granted for reading only, by processes that are not
# dumpable, and by the host's setting for ping sockets.
OTHER_MEANS = {
    "write to a granted file", "truncate a granted file", "map a granted file writable", "fallocate a granted file",
    "environment of the supervisor", "memory of the supervisor", "environment of another zone", "memory of another zone",
    "memory map of another zone", "control socket of another zone", "core dump", "ping socket",
    "connect the control socket elsewhere"}

# Works but once where it works, or ends the process.
ONCE = {"unlink", "connect a shut-down listener", "core dump"}


def differences(outcomes, expected):
    return [f"{name}: {outcome}, expected {' or '.join(expected[name])}" for name, outcome in outcomes.items()
            if outcome not in expected[name]]


@pytest.fixture(scope="module", params=[False, True], ids=["enforce", "without Landlock"])
def sites(request, tmp_path_factory, mock):
    """A gateway that reads a file, and one that reads from etcd; made when they are needed."""
    made = {}

    def get(with_etcd):
        if with_etcd not in made:
            made[with_etcd] = Site(tmp_path_factory.mktemp("site"), mock, request.param, with_etcd)
        return made[with_etcd]

    if not request.param and landlock_abi() == 0:
        pytest.skip("this kernel has no Landlock: there is only the other half of the table")
    yield get
    for site in made.values():
        site.stop()


@pytest.mark.parametrize("column", COLUMNS)
def test_as_expected(sites, column):
    site = sites("etcd" in column)
    expected = TABLE.of(column, landlock=not site.masked)
    if not site.masked and landlock_abi() < TCP_RULES:
        for name, outcomes in TABLE.of(column, landlock=False).items():
            if name.startswith("connect"):
                expected[name] = expected[name] + outcomes
    attacker = Attacker(site.installation, site.gateway, column.split("+")[0], site.targets)
    try:
        outcomes = attacker.all("locked")
        assert set(outcomes) == set(expected), "an attempt without a row, or a row without an attempt"
        assert len(outcomes) > 60
        assert differences(outcomes, expected) == []

        # The attempts are real ones: without the lock another thing happens.
        free = attacker.all("unlocked")
        vacuous = {name for name, outcome in free.items() if outcome == outcomes[name] != "allowed"}
        assert vacuous <= OTHER_MEANS

        # In the worker itself, which the supervisor watches, and in another thread than the one that locked.
        attacker.lock()
        survived = {name: attacker.ask("here", name) for name, outcome in outcomes.items()
                    if outcome != "killed" and name not in ONCE}
        assert not (found := differences(survived, expected)), found
    finally:
        attacker.end()

    # Nobody was harmed, and the zone serves again.
    for zone, pid in attacker.victims.items():
        assert pid is None or site.gateway.worker(zone) == pid, zone
    if "etcd" not in column:
        site.gateway.wait_ready()


def test_a_killed_worker_is_named(sites):
    """One killing attempt in the worker itself: the supervisor says why it ended, and starts the zone again."""
    site = sites(False)
    attacker = Attacker(site.installation, site.gateway, "metrics", site.targets)
    attacker.lock()
    since = len(site.gateway.log())
    attacker._send("here", "io_uring_setup")
    line = site.gateway.wait_for_log(r"worker ended, starting it again.*worker=metrics.*", since=since).group(0)
    assert "SIGSYS" in line, line
    attacker.begin()
    attacker.end()
    site.gateway.wait_ready()
    assert {zone: site.gateway.worker(zone) for zone in attacker.victims} == attacker.victims


def test_only_documented_exceptions():
    """What is allowed has a place in the threat model."""
    exceptions = {(name, column) for name, row in TABLE.expected.items() for column, cell in row.items() if "allowed" in cell}
    assert {column for _, column in exceptions} == {"egress", "admin", "admin+etcd"}
    network = {"TCP socket", "UDP socket", "send a datagram"}
    assert {name for name, column in exceptions if column == "admin"} == {"UNIX stream pair"}
    assert {name for name, column in exceptions if column == "admin+etcd"} == {
        "UNIX stream pair", "make a file in the state directory", "connect to etcd", *network}
    assert {name for name, column in exceptions if column == "egress"} == {
        "connect to an unlisted host at a configured port", *network}
    text = (pathlib.Path(__file__).parents[2] / "docs" / "threat-model.md").read_text()
    for words in ("any host", "etcd", "datagrams", "state directory", "without Landlock"):
        assert words in text, words
