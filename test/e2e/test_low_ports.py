"""Ports below 1024: with each way in which a process comes to the capability, and without any."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import httpx
import pytest
from activation import listening, passing
from privileges import (NET_BIND_SERVICE, USER, become, capabilities, free_low_address, install_copy,
                        require_low_ports_to_be_privileged, require_root)
from processes import ZONES, Gateway, wait_until
from resources import KEY, resources


@pytest.fixture(scope="module")
def open_directory():
    """Unlike pytest's own, one into which another user may look."""
    require_root()
    path = pathlib.Path(tempfile.mkdtemp(prefix="aisix-low-ports-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def plain(open_directory):
    return install_copy(open_directory / "plain")


@pytest.fixture(scope="module")
def with_file_capability(open_directory):
    return install_copy(open_directory / "with-capability", "p")


@pytest.fixture
def start(open_directory, mock):
    started = []

    def start(program, address, prepare, wait=True, **process):
        directory = open_directory / f"gateway{len(list(open_directory.iterdir()))}"
        process = Gateway(directory, resources(mock.base), {"proxy": {"addr": address}}, wait=wait, program=program,
                          prepare=prepare, **process)
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()


def assert_serves_without_privileges(gateway, user=USER):
    reply = httpx.post(gateway.base + "/chat/completions", headers={"authorization": f"Bearer {KEY}"}, timeout=30,
                       json={"model": "chat", "messages": [{"role": "user", "content": "x"}]})
    assert reply.status_code == 200, reply.text
    for pid in (gateway.pid, *(gateway.worker(zone) for zone in ZONES)):
        found = capabilities(pid)
        assert {name: found[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "NoNewPrivs")} == {
            "CapEff": 0, "CapPrm": 0, "CapInh": 0, "CapAmb": 0, "NoNewPrivs": 1}
        assert pathlib.Path(f"/proc/{pid}").stat().st_uid in (0, user)  # 0: not dumpable
        uids = [line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("Uid:")]
        assert uids == ["Uid:" + f"\t{user}" * 4]


def failure_of(gateway, address):
    """What it said at its end: that the port cannot be bound, and what to do."""
    assert gateway.wait() == 1
    text = gateway.log()
    assert text.startswith(f"Error: proxy serve error: proxy listener bind {address} failed: Permission denied (os error 13)\n")
    for advice in ("AmbientCapabilities=CAP_NET_BIND_SERVICE", f"ListenStream={address}", "--cap-add NET_BIND_SERVICE",
                   "add: [NET_BIND_SERVICE]", "net.ipv4.ip_unprivileged_port_start",
                   "setcap cap_net_bind_service=p", "proxy.addr"):
        assert advice in text
    return text


def test_file_capability(start, with_file_capability):
    gateway = start([with_file_capability], free_low_address(), become())
    assert_serves_without_privileges(gateway)


def test_file_capability_under_no_new_privs(start, with_file_capability):
    """A container runtime that executes the gateway itself: it holds what the file has, so that counts."""
    prepare = become(permitted=[NET_BIND_SERVICE], bounding=[NET_BIND_SERVICE], no_new_privs=True)
    assert_serves_without_privileges(start([with_file_capability], free_low_address(), prepare))


@pytest.mark.parametrize("wrapper", [
    ["/bin/sh", "-c", 'exec "$0" "$@"'],      # a script
    ["/bin/sh", "-c", '"$0" "$@"; exit $?'],  # something like tini, which stays
], ids=["exec", "fork"])
def test_wrapper_under_no_new_privs(start, with_file_capability, wrapper):
    """The wrapper's file has no capability, so it is gone before the gateway is executed."""
    require_low_ports_to_be_privileged()
    address = free_low_address()
    prepare = become(permitted=[NET_BIND_SERVICE], bounding=[NET_BIND_SERVICE], no_new_privs=True)
    gateway = start([*wrapper, with_file_capability], address, prepare, wait=False)
    assert "no shell, script or tini may stand in between" in failure_of(gateway, address)


def test_wrapper_without_no_new_privs(start, with_file_capability):
    gateway = start(["/bin/sh", "-c", 'exec "$0" "$@"', with_file_capability], free_low_address(), become())
    assert_serves_without_privileges(gateway)


def test_ambient_capability(start, plain):
    """systemd: AmbientCapabilities= and NoNewPrivileges=yes, nothing on the file."""
    prepare = become(ambient=[NET_BIND_SERVICE], bounding=[NET_BIND_SERVICE], no_new_privs=True)
    assert_serves_without_privileges(start([plain], free_low_address(), prepare))


def test_everything_dropped_with_a_file_capability(start, with_file_capability):
    """The kernel starts it all the same: the capability is permitted, not effective."""
    gateway = start([with_file_capability], "127.0.0.1:0", become(bounding=[]))
    assert gateway.proxy_address[1] >= 1024
    assert_serves_without_privileges(gateway)
    require_low_ports_to_be_privileged()
    address = free_low_address()
    text = failure_of(start([with_file_capability], address, become(bounding=[]), wait=False), address)
    assert "the bounding set of the service or container lacks it" in text


def test_everything_dropped(start, plain):
    assert_serves_without_privileges(start([plain], "127.0.0.1:0", become(bounding=[], no_new_privs=True)))
    require_low_ports_to_be_privileged()
    address = free_low_address()
    text = failure_of(start([plain], address, become(bounding=[], no_new_privs=True), wait=False), address)
    assert "The file of this program" not in text


def test_passed_socket(start, plain):
    """systemd has bound it: nothing is needed."""
    setpriv = shutil.which("setpriv")
    if not setpriv:
        pytest.skip("setpriv is not installed")
    host, port = free_low_address().rsplit(":", 1)
    with listening(host=host, port=int(port)) as passed:
        process = passing([passed], setpriv, f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--bounding-set=-all",
                          "--no-new-privs", plain)
        gateway = start(process["program"], f"{host}:{port}", None, descriptors=process["descriptors"])
        assert_serves_without_privileges(gateway)


def test_root_gives_everything_up(start_gateway, mock):
    require_root()
    gateway = start_gateway(resources(mock.base), {"proxy": {"addr": free_low_address()}})
    assert_serves_without_privileges(gateway, user=0)
    for pid in (gateway.pid, *(gateway.worker(zone) for zone in ZONES)):
        assert capabilities(pid)["CapBnd"] == 0


def test_root_without_the_capability(start, plain):
    """uid 0 in a container that dropped all."""
    require_low_ports_to_be_privileged()
    address = free_low_address()
    failure_of(start([plain], address, become(user=0, bounding=[]), wait=False), address)


def test_root_of_a_user_namespace(start, plain):
    """It has the capability, but not over the network that belongs to the host."""
    require_low_ports_to_be_privileged()
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "--user", "--map-root-user", "true"], capture_output=True).returncode != 0:
        pytest.skip("no user namespace can be made here")
    gateway = start([unshare, "--user", "--map-root-user", plain], free_low_address(), become(), wait=False)
    assert gateway.wait() == 1
    assert "The process has CAP_NET_BIND_SERVICE, and the kernel refuses all the same: in a user namespace" in gateway.log()


def test_restarted_workers_have_nothing_either(start, with_file_capability):
    gateway = start([with_file_capability], free_low_address(), become())
    for zone in ("proxy", "metrics"):
        old = gateway.worker(zone)
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: gateway.worker(zone) not in (None, old), f"{zone} is back")
    gateway.wait_ready()
    assert_serves_without_privileges(gateway)
