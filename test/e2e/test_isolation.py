"""What a process does not need, it does not have: looked at from outside, in the running processes."""

import pathlib
import re

import httpx
import pytest
from processes import ZONES
from resources import resources

ADMIN_KEY = "admin-key-8c1f5e0b7a"
UPSTREAM_SECRET = "sk-upstream-51d0c6e2f9"
CALLER_SECRET = "sk-caller-7e3a90b4d8"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, mock):
    from processes import Gateway
    base = resources(mock.base)
    base["provider_keys"][0]["api_key"] = "${UPSTREAM_SECRET}"
    base["api_keys"].append({"display_name": "from-env", "key_env": "CALLER_SECRET", "allowed_models": ["*"]})
    process = Gateway(tmp_path_factory.mktemp("isolated"), base, {"admin": {"admin_keys": [ADMIN_KEY]}},
                      {"UPSTREAM_SECRET": UPSTREAM_SECRET, "CALLER_SECRET": CALLER_SECRET})
    # A request, so that everything that is used once was used.
    reply = httpx.post(process.base + "/chat/completions", headers={"authorization": f"Bearer {CALLER_SECRET}"},
                       json={"model": "chat", "messages": [{"role": "user", "content": "x"}]})
    assert reply.status_code == 200
    yield process
    process.stop()


def processes(gateway):
    return {"supervisor": gateway.pid, **{zone: gateway.worker(zone) for zone in ZONES}}


def memory_holds(pid, secret):
    """Looks through every readable private mapping."""
    try:
        maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
        memory = open(f"/proc/{pid}/mem", "rb", buffering=0)
    except PermissionError:
        pytest.skip("only root reads the memory of other processes")
    with memory:
        for line in maps.splitlines():
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+ *(\S*)", line)
            if not match or match.group(3) in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
                continue
            start, end = int(match.group(1), 16), int(match.group(2), 16)
            tail = b""
            while start < end:
                memory.seek(start)
                try:
                    data = memory.read(min(1 << 20, end - start))
                except OSError:
                    break
                if not data:
                    break
                if secret.encode() in tail + data:
                    return True
                tail = data[-len(secret):]
                start += len(data)
    return False


@pytest.mark.parametrize("secret, holders", [
    (ADMIN_KEY, {"admin"}), (UPSTREAM_SECRET, {"admin", "proxy"})], ids=["admin key", "provider key"])
def test_secrets_are_where_they_are_used(gateway, secret, holders):
    found = {name for name, pid in processes(gateway).items() if memory_holds(pid, secret)}
    assert found <= holders
    assert found, "the search finds nothing at all"


def test_no_environment(gateway):
    for name, pid in processes(gateway).items():
        environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        assert CALLER_SECRET.encode() not in environment and UPSTREAM_SECRET.encode() not in environment, name
        if name != "supervisor":
            assert environment.strip(b"\0") == b"", name


def test_no_privileges(gateway):
    """In every thread of every worker."""
    for zone in ZONES:
        tasks = list(pathlib.Path(f"/proc/{gateway.worker(zone)}/task").iterdir())
        assert tasks
        for task in tasks:
            status = dict(re.findall(r"^(\w+):\s*(.*)$", (task / "status").read_text(), re.M))
            assert status["NoNewPrivs"] == "1", zone
            for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                assert int(status[name], 16) == 0, (zone, name)


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
