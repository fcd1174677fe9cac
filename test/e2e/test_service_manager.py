"""What systemd is told (sd_notify): against a socket like the one on which it listens."""

import os
import pathlib
import re
import signal
import socket
import struct
import time

import httpx
import pytest
from processes import wait_until
from resources import KEY, resources


class Manager:
    """`address` as in NOTIFY_SOCKET. Collects (process id of the sender, lines as a dictionary)."""

    def __init__(self, address):
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.setblocking(False)
        self.messages = []
        self.senders = set()

    def poll(self):
        while True:
            try:
                text, ancillary, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(struct.calcsize("3i")))
            except BlockingIOError:
                return
            self.messages.append(dict(line.split("=", 1) for line in text.decode().split("\n")))
            for _, kind, data in ancillary:
                if kind == socket.SCM_CREDENTIALS:
                    self.senders.add(struct.unpack("3i", data)[0])

    def wait_for(self, since=0, **lines):
        """Index of the first message from `since` on with all of these lines; None as value: any."""
        def find():
            self.poll()
            for index, message in enumerate(self.messages[since:], since):
                if all(name in message and value in (None, message[name]) for name, value in lines.items()):
                    return index + 1  # not 0
            return None

        return wait_until(find, f"a message with {lines}; there are {self.messages}") - 1

    def having(self, name):
        self.poll()
        return [message for message in self.messages if name in message]


@pytest.fixture(params=["abstract", "path"])
def manager(request, tmp_path):
    made = Manager(f"@aisix-test-{os.getpid()}-{request.node.name}" if request.param == "abstract" else str(tmp_path / "notify"))
    yield made
    made.socket.close()


def ask(gateway):
    return httpx.post(gateway.base + "/chat/completions", headers={"authorization": f"Bearer {KEY}"}, timeout=30,
                      json={"model": "chat", "messages": [{"role": "user", "content": "x"}]})


def test_from_start_to_stop(manager, start_gateway, mock):
    gateway = start_gateway(resources(mock.base), environment={"NOTIFY_SOCKET": manager.address}, wait=False)
    assert manager.wait_for(STATUS="Starting") == 0
    ready = manager.wait_for(READY="1")
    assert ask(gateway).status_code == 200

    gateway.wait_ready()
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    gateway.reload(resources(mock.base))
    reloading = manager.wait_for(ready + 1, RELOADING="1")
    assert before <= int(manager.messages[reloading]["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    manager.wait_for(reloading + 1, READY="1")

    assert not manager.having("STOPPING")
    gateway.signal(signal.SIGTERM)
    stopping = manager.wait_for(STOPPING="1")
    assert manager.messages[stopping]["STATUS"] == "Draining"
    assert gateway.wait() == 0
    assert manager.senders == {gateway.pid}  # NotifyAccess=main
    assert len(manager.having("READY")) == 2 and not manager.having("WATCHDOG")


@pytest.fixture
def own_manager(tmp_path):
    made = Manager(str(tmp_path / "notify"))
    yield made
    made.socket.close()


def test_the_status_follows_the_zones(own_manager, start_gateway, mock):
    gateway = start_gateway(resources(mock.base), environment={"NOTIFY_SOCKET": own_manager.address})
    serving = own_manager.wait_for(STATUS="Serving")
    os.kill(gateway.worker("metrics"), signal.SIGKILL)
    down = own_manager.wait_for(serving + 1, STATUS="Serving; not ready: metrics")
    own_manager.wait_for(down + 1, STATUS="Serving")
    assert len(own_manager.having("READY")) == 1


def test_a_failed_start_says_why(own_manager, start_gateway, mock):
    gateway = start_gateway(resources(mock.base), {"proxy": {"addr": "203.0.113.7:3000"}},
                            {"NOTIFY_SOCKET": own_manager.address}, wait=False)
    assert gateway.wait() == 1
    own_manager.wait_for(STATUS="Failed: proxy serve error: proxy listener bind 203.0.113.7:3000 failed: "
                                "Cannot assign requested address (os error 99)")
    assert not own_manager.having("READY")


def test_a_refused_configuration(own_manager, start_gateway, mock):
    gateway = start_gateway(resources(mock.base), {"proxy": {"workers": 0}}, {"NOTIFY_SOCKET": own_manager.address}, wait=False)
    assert gateway.wait() == 1
    assert "proxy.workers must be at least 1" in gateway.log()
    own_manager.wait_for(STATUS="Failed: the configuration is refused; the log says why")


def test_heartbeat(own_manager, start_gateway, mock):
    """From readiness to the end, also while it drains, and over the death of a worker."""
    gateway = start_gateway(resources(mock.base), {"shutdown": {"min_drain_secs": 1}},
                            {"NOTIFY_SOCKET": own_manager.address, "WATCHDOG_USEC": "100000"})
    first = own_manager.wait_for(WATCHDOG="1")
    assert first > own_manager.wait_for(READY="1")

    def beats(count):
        seen = len(own_manager.having("WATCHDOG"))
        wait_until(lambda: len(own_manager.having("WATCHDOG")) >= seen + count, "heartbeats")

    beats(3)
    os.kill(gateway.worker("proxy"), signal.SIGKILL)
    beats(3)
    gateway.signal(signal.SIGTERM)
    own_manager.wait_for(STOPPING="1")
    beats(3)
    assert gateway.wait() == 0


def test_heartbeat_of_another_process(own_manager, start_gateway, mock):
    gateway = start_gateway(resources(mock.base), None,
                            {"NOTIFY_SOCKET": own_manager.address, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"})
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0
    own_manager.wait_for(STOPPING="1")
    assert not own_manager.having("WATCHDOG")


def test_a_stopped_supervisor_sends_no_heartbeat(own_manager, start_gateway, mock):
    """The heartbeat is the event loop's: with it goes on what it does, without it nothing is sent."""
    gateway = start_gateway(resources(mock.base), None,
                            {"NOTIFY_SOCKET": own_manager.address, "WATCHDOG_USEC": "20000"})
    own_manager.wait_for(WATCHDOG="1")
    gateway.signal(signal.SIGSTOP)
    wait_until(lambda: re.search(r"^State:\s+T", pathlib.Path(f"/proc/{gateway.pid}/status").read_text(), re.M), "it stands still")
    own_manager.poll()
    seen = len(own_manager.messages)
    assert all(ask(gateway).status_code == 200 for _ in range(20))  # requests need no supervisor
    own_manager.poll()
    assert len(own_manager.messages) == seen
    gateway.signal(signal.SIGCONT)
    own_manager.wait_for(seen, WATCHDOG="1")


def test_nobody_listens(start_gateway, mock, tmp_path):
    """A manager that is gone is no reason to fail."""
    gateway = start_gateway(resources(mock.base), None, {"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    assert ask(gateway).status_code == 200
    assert gateway.log().count("the service manager cannot be told") == 1


def test_kind_of_address_that_is_not_known(start_gateway, mock):
    gateway = start_gateway(resources(mock.base), None, {"NOTIFY_SOCKET": "vsock:2:1234"})
    assert ask(gateway).status_code == 200
    assert 'the service manager cannot be told error="NOTIFY_SOCKET=vsock:2:1234: not a path or @name"' in gateway.log()
