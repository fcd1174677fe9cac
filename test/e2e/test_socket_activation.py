"""Listening sockets that somebody else has bound: systemd's protocol (sd_listen_fds)."""

import os
import pathlib
import re
import signal
import socket

import httpx
import pytest
from activation import address_of, listening, passing
from privileges import require_root
from processes import GATEWAY, ZONES, wait_until
from resources import KEY, resources

@pytest.fixture
def start(start_gateway, mock):
    made = []

    def start(sockets, config=None, names=None, wait=True, **variables):
        made.extend(sockets)
        if names is not None:
            variables["LISTEN_FDNAMES"] = ":".join(names)
        return start_gateway(resources(mock.base), config, variables, wait, **passing(sockets, GATEWAY))

    yield start
    for entry in made:
        entry.close()


def ask(address):
    return httpx.post(f"http://{address}/v1/chat/completions", headers={"authorization": f"Bearer {KEY}"}, timeout=30,
                      json={"model": "chat", "messages": [{"role": "user", "content": "x"}]})


def sockets_of(pid):
    found = (re.match(r"socket:\[(\d+)\]", os.readlink(link)) for link in pathlib.Path(f"/proc/{pid}/fd").iterdir())
    return {int(match.group(1)) for match in found if match}


def inode_of(made):
    return os.fstat(made.fileno()).st_ino


def test_one_socket_found_by_its_address(start):
    """It serves all loops, and outlives workers and the gateway."""
    proxy = listening()
    address = address_of(proxy)
    gateway = start([proxy], {"proxy": {"addr": address, "workers": 3}}, names=["aisix.socket"])
    assert re.search(rf"listening listener=proxy addr={address} \S+ passed=true", gateway.log())
    assert re.search(r"listening listener=admin \S+ \S+ passed=false", gateway.log())
    assert all(ask(address).status_code == 200 for _ in range(10))

    old = gateway.worker("proxy")
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: gateway.worker("proxy") not in (None, old), "the proxy is back")
    assert ask(address).status_code == 200

    gateway.stop()
    with socket.create_connection(proxy.getsockname(), timeout=10):
        pass  # waits in the queue for whoever is started next


def test_all_sockets_found_by_their_names(start):
    metrics, further, proxy, admin = (listening() for _ in range(4))
    gateway = start(
        [metrics, further, proxy, admin],
        # Where any port will do, only a name leads to the listener.
        {"proxy": {"addr": address_of(proxy), "listeners": [{"addr": "127.0.0.1:0"}]}},
        names=["metrics", "proxy.1", "proxy", "admin"])
    assert gateway.log().count("passed=true") == 4
    assert gateway.metrics_url == f"http://{address_of(metrics)}"
    assert gateway.admin_url == f"http://{address_of(admin)}"
    assert httpx.get(f"http://{address_of(admin)}/livez").status_code == 200
    assert ask(address_of(proxy)).status_code == ask(address_of(further)).status_code == 200


def test_who_has_what_was_passed(start):
    """The socket: the supervisor and the zone that accepts on it. The variables: nobody."""
    require_root()
    proxy = listening()
    gateway = start([proxy], {"proxy": {"addr": address_of(proxy)}}, names=["proxy"], NOTIFY_SOCKET="@aisix-nobody",
                    WATCHDOG_USEC="30000000")
    pids = {"supervisor": gateway.pid, **{zone: gateway.worker(zone) for zone in ZONES}}
    assert {name for name, pid in pids.items() if inode_of(proxy) in sockets_of(pid)} == {"supervisor", "proxy"}
    for pid in pids.values():
        assert not re.search(rb"LISTEN_|NOTIFY_|WATCHDOG_", pathlib.Path(f"/proc/{pid}/environ").read_bytes())


def refusal(gateway):
    assert gateway.wait() == 1
    return gateway.log()


def test_named_socket_with_another_address(start):
    proxy = listening()
    text = refusal(start([proxy], {"proxy": {"addr": "127.0.0.1:3999"}}, names=["proxy"], wait=False))
    assert text.startswith(f'Error: socket activation: "proxy" listens on {address_of(proxy)}, but proxy.addr is 127.0.0.1:3999: '
                           "make ListenStream= of the socket unit and proxy.addr the same")


def test_socket_that_is_no_listener(start):
    other = listening()
    text = refusal(start([other], names=["web"], wait=False))
    assert text.startswith(f'Error: socket activation: "web" on {address_of(other)} is no listener of this configuration')
    assert "proxy 127.0.0.1:0, admin 127.0.0.1:0, metrics 127.0.0.1:0" in text


def test_two_sockets_for_one_listener(start):
    text = refusal(start([listening(), listening()], names=["metrics", "metrics"], wait=False))
    assert "the metrics listener was given more than one socket" in text


def test_socket_of_another_kind(start):
    text = refusal(start([listening(socket.SOCK_DGRAM)], names=["proxy"], wait=False))
    assert '"proxy" is not a listening TCP socket' in text


def test_names_that_do_not_fit(start):
    text = refusal(start([listening()], names=["proxy", "metrics"], wait=False))
    assert text.startswith("Error: LISTEN_FDNAMES=proxy:metrics: 2 names for 1 sockets")


def test_sockets_for_another_process(start):
    """A wrapper that does not pass the process id on: the sockets are not touched, and their port is taken."""
    proxy = listening()
    address = address_of(proxy)
    text = refusal(start([proxy], {"proxy": {"addr": address}}, names=["proxy"], wait=False, LISTEN_PID="1"))
    assert f"bind {address} failed: Address already in use" in text
    assert "socket unit" in text
