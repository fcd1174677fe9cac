"""What egress opens, how it finds addresses, and how its refusals are told."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import httpx
import pytest
from kernel import landlock_abi
from name_server import NameServer
from processes import GATEWAY, Gateway, Mock, wait_until
from resources import KEY, model, provider_key, resources
from wire import chat_body

HEADERS = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}


def at(**bases):
    """Resources whose models have these names and their providers at these bases."""
    return resources("http://127.0.0.1:9/v1", models=[model(name, "m", key=name, retries=0) for name in bases],
                     provider_keys=[provider_key(name, base) for name, base in bases.items()])


def ask(gateway, name):
    return httpx.post(gateway.base + "/chat/completions", headers=HEADERS, timeout=30, content=chat_body(name))


def refusal(gateway, name):
    reply = ask(gateway, name)
    assert reply.status_code == 502, reply.text
    assert reply.json()["error"]["type"] == "transport_error"
    return reply.json()["error"]["message"]


# ---- names: a gateway with an /etc of its own

OWN_ETC = ["sh", "-c", 'mount --bind "$0" /etc && exec "$@"']
UNSHARE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]


@pytest.fixture(scope="module")
def etc(tmp_path_factory):
    directory = tmp_path_factory.mktemp("etc")
    for name in ("ld.so.cache", "passwd", "group"):
        if pathlib.Path("/etc", name).exists():
            shutil.copy(f"/etc/{name}", directory / name)
    tried = subprocess.run([*UNSHARE, *OWN_ETC, str(directory), "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip("no mount namespace can be made: " + tried.stderr.strip())
    return directory


def replace(directory, name, text):
    """Atomically, as programs that manage these files do."""
    (directory / (name + ".new")).write_text(text)
    os.replace(directory / (name + ".new"), directory / name)


@pytest.fixture(scope="module")
def names():
    server = NameServer({"dns.test": ["127.0.0.1"], "metadata.test": ["169.254.169.254"], "both.test": ["169.254.1.1", "127.0.0.1"]})
    yield server
    server.close()


@pytest.fixture(scope="module")
def named(tmp_path_factory, etc, names, mock):
    port = mock.url.rsplit(":", 1)[1]
    replace(etc, "resolv.conf", f"nameserver 127.0.0.1:{names.port}\noptions timeout:1\n")
    replace(etc, "hosts", "127.0.0.2 file.test\n")
    process = Gateway(tmp_path_factory.mktemp("gateway"), at(**{
        name: f"http://{name}.test:{port}/v1" for name in ("dns", "file", "metadata", "both", "missing", "late")}),
        {"proxy": {"workers": 1}}, program=(*UNSHARE, *OWN_ETC, etc, GATEWAY))
    yield process
    process.stop()


def test_a_name_is_asked_of_the_servers_of_resolv_conf(named, names):
    assert ask(named, "dns").status_code == 200
    assert names.queries["dns.test"] == 1
    assert named.metric("aisix_egress_lookups_total", source="server") >= 1


def test_a_changed_hosts_file_is_taken_up(named, etc):
    """The provider listens on 127.0.0.1, where the name leads only later; the locked egress opens no file."""
    assert "connection refused" in refusal(named, "file")
    replace(etc, "hosts", "127.0.0.1 file.test\n")
    wait_until(lambda: ask(named, "file").status_code == 200, "the name leads to the provider")
    assert named.metric("aisix_egress_lookups_total", source="file") >= 1


def test_a_changed_resolv_conf_is_taken_up(named, names, etc):
    assert "the host name does not resolve" in refusal(named, "late")
    other = NameServer({"late.test": ["127.0.0.1"]})
    before = (etc / "resolv.conf").read_text()
    try:
        replace(etc, "resolv.conf", f"nameserver 127.0.0.1:{other.port}\n")
        wait_until(lambda: ask(named, "late").status_code == 200, "the other server is asked")
    finally:
        offset = len(named.log())
        replace(etc, "resolv.conf", before)
        named.wait_for_log("file has changed.*resolv_conf", since=offset)
        other.close()


def test_a_name_without_an_address(named):
    assert "the host name does not resolve" in refusal(named, "missing")
    assert named.metric("aisix_egress_dials_total", outcome="not_resolved") >= 1


def test_a_name_that_leads_to_the_metadata_service(named):
    offset = len(named.log())
    assert "the address is in a denied network" in refusal(named, "metadata")
    line = named.wait_for_log(r"dial refused .*", since=offset).group(0)
    assert "metadata.test:" in line and "the address is in a denied network" in line
    assert named.metric("aisix_egress_dials_total", outcome="denied") == 1
    assert ask(named, "both").status_code == 200  # by its other address


# ---- the list


def test_metrics_by_destination(gateway, http, mock):
    assert http.post("/v1/chat/completions", content=chat_body(), headers=HEADERS).status_code == 200
    destination = mock.url.removeprefix("http://")
    assert gateway.metric("aisix_egress_dials_total", destination=destination, outcome="connected") >= 1
    assert gateway.metric("aisix_egress_dials_in_flight", destination=destination) == 0
    assert gateway.metric("aisix_egress_dial_duration_seconds_count", destination=destination) >= 1


def test_the_gateways_own_listener_is_no_provider(start_gateway):
    """Its own address is known to egress when a port is configured: one that was free a moment ago."""
    first = start_gateway(at())
    _, port = first.proxy_address
    first.stop()
    gateway = start_gateway(at(own=f"http://localhost:{port}/v1"), {"proxy": {"addr": f"127.0.0.1:{port}"}})
    assert "the address is one of the gateway's own listeners" in refusal(gateway, "own")


def test_a_new_destination_and_one_that_went(start_gateway, mock):
    destination = mock.url.removeprefix("http://")
    gateway = start_gateway(at(first=mock.base))
    assert ask(gateway, "first").status_code == 200
    destinations = gateway.metric("aisix_egress_destinations")
    gateway.reload(at(first="http://localhost:9/v1"))
    assert "connection refused" in refusal(gateway, "first")
    assert gateway.metric("aisix_egress_destinations") == destinations
    # Counters of a destination that went stay.
    assert gateway.metric("aisix_egress_dials_total", destination=destination, outcome="connected") >= 1


def ports_of_the_lock(gateway):
    """The TCP ports that the kernel lets egress connect to."""
    zones = json.loads(gateway.metrics_get("/status/isolation")[1])["zones"]
    egress = next(zone for zone in zones if zone["zone"] == "egress")
    reason = next(each["reason"] for each in egress["mechanisms"] if each["mechanism"] == "landlock")
    return {int(port) for port in re.search(r"TCP to ([\d, ]+)", reason).group(1).split(", ")}


@pytest.mark.skipif(landlock_abi() < 4, reason="this kernel's Landlock has no rules for ports")
def test_egress_is_locked_to_the_ports_of_its_destinations(start_gateway, mock, tmp_path):
    first = int(mock.url.rsplit(":", 1)[1])
    other = Mock(tmp_path)
    try:
        second = int(other.url.rsplit(":", 1)[1])
        gateway = start_gateway(at(first=mock.base))
        assert ask(gateway, "first").status_code == 200
        assert ports_of_the_lock(gateway) == {9, 53, first}
        old = gateway.worker("egress")
        # A port that was not known when egress was locked needs another egress; until then its callers wait.
        gateway.reload(at(first=mock.base, second=other.base))
        assert ask(gateway, "second").status_code == 200
        wait_until(lambda: gateway.worker("egress") != old, "another worker is there")
        assert ask(gateway, "first").status_code == 200
        assert ports_of_the_lock(gateway) == {9, 53, first, second}
        assert gateway.metric("aisix_zone_restarts_total", zone="egress") == 0
        # One that is not needed any more needs none.
        old = gateway.worker("egress")
        gateway.reload(at(second=other.base))
        assert ask(gateway, "second").status_code == 200
        assert gateway.worker("egress") == old
        # Whoever comes after a death knows what is needed now.
        os.kill(old, signal.SIGKILL)
        assert ask(gateway, "second").status_code == 200
        wait_until(lambda: ports_of_the_lock(gateway) == {9, 53, second}, "its successor is locked to these")
    finally:
        other.stop()
