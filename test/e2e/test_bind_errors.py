"""A listener that cannot be bound: exit code 1, the error, and what to change."""

import json
import socket

import pytest
from processes import run_gateway


@pytest.fixture
def run(tmp_path):
    def run(**blocks):
        resources = tmp_path / "resources.yaml"
        resources.write_text('_format_version: "1"\n')
        settings = {"resources_file": str(resources), "proxy": {"addr": "127.0.0.1:0"}, "admin": {"enabled": False},
                    "observability": {"metrics": {"prometheus": {"addr": "127.0.0.1:0"}}}, **blocks}
        config = tmp_path / "config.yaml"
        config.write_text(json.dumps(settings))
        code, out, text = run_gateway("--config", config)
        assert code == 1 and out == ""
        return text

    return run


@pytest.fixture
def taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        yield "127.0.0.1:{}".format(other.getsockname()[1])


@pytest.mark.parametrize("workers", [1, 4], ids=["one socket", "one per loop"])
def test_port_of_another_process(run, taken, workers):
    text = run(proxy={"addr": taken, "workers": workers})
    assert text.startswith(f"Error: proxy serve error: proxy listener bind {taken} failed: Address already in use (os error 98)\n")
    port = taken.split(":")[1]
    for advice in (f"ss -ltnp 'sport = :{port}'", "another aisix", "socket unit", "proxy.addr (AISIX_PROXY__ADDR in the environment)"):
        assert advice in text


def test_each_listener_names_its_key(run, taken):
    assert "choose another port with admin.addr" in run(admin={"addr": taken, "admin_keys": ["k"]})
    assert "choose another port with observability.metrics.prometheus.addr" in run(
        observability={"metrics": {"prometheus": {"addr": taken}}})
    assert "choose another port with proxy.listeners[1].addr" in run(
        proxy={"addr": "127.0.0.1:0", "listeners": [{"addr": "127.0.0.1:0"}, {"addr": taken}]})


def test_one_port_for_two_listeners(run, taken):
    address = taken.replace("127.0.0.1", "127.0.0.2")
    text = run(proxy={"addr": address}, admin={"addr": address, "admin_keys": ["k"]})
    assert f"admin listener bind {address} failed: Address already in use" in text
    assert "proxy.addr and admin.addr of this configuration ask for the same port" in text


def test_address_of_another_host(run):
    text = run(observability={"metrics": {"prometheus": {"addr": "192.0.2.1:9090"}}})
    assert "\nError: metrics listener bind 192.0.2.1:9090 failed: Cannot assign requested address (os error 99)\n" in text
    for advice in ("ip -brief address", "0.0.0.0:9090 in observability.metrics.prometheus.addr", "ip_nonlocal_bind", "FreeBind=yes"):
        assert advice in text
