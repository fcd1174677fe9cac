"""etcd goes away: nothing changes for callers, and a process that starts without it serves what it knew."""

import base64
import json
import os
import signal
import stat
import time

import httpx
import pytest
from etcd import Etcd, EtcdGateway, Relay, model, write_base
from load import Load
from processes import wait_until


@pytest.fixture
def etcd(tmp_path):
    server = Etcd(tmp_path / "etcd")
    yield server
    server.stop()


@pytest.fixture
def start(tmp_path):
    """Starts gateways of the test's own; stopped at its end."""
    started = []

    def make(endpoints, config=None, **more):
        process = EtcdGateway(tmp_path / f"gateway{len(started)}", endpoints, config, **more)
        started.append(process)
        return process

    yield make
    for process in started:
        process.stop()


def outage(gateway, etcd, seconds):
    with Load(gateway) as load:
        load.wait_for(50)
        before = gateway.status()["applied"]
        etcd.kill()
        wait_until(lambda: gateway.status()["source"]["connected"] is False, "the outage is seen")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            load.wait_for(50)
        status = gateway.status()
        assert status["state"] == "synced" and status["applied"] == before
        assert status["last_reload"]["successful"] is False
        assert status["last_failure"]["last_error_kind"] == "fetch"
        assert status["last_failure"]["last_error"] == "configuration source unreachable"
        assert gateway.metrics_get("/status/ready")[0] == 200
        assert httpx.get(gateway.url + "/readyz").status_code == 200
        assert gateway.metric("aisix_config_source_connected") == 0
        assert gateway.metric("aisix_config_reload_failures_total", reason="fetch") >= 1
        etcd.start()
        etcd.wait_healthy()
        wait_until(lambda: gateway.status()["source"]["connected"] is True, "etcd is seen again", timeout=5)
        etcd.put("/aisix/models/after", model("after"))
        gateway.wait_for_models(["after", "chat"], timeout=5)
        load.wait_for(50)
    assert load.failures == []


def test_etcd_gone_under_load(etcd, start, mock):
    write_base(etcd, mock.base)
    outage(start(etcd.endpoints), etcd, 2)


@pytest.mark.long
def test_etcd_gone_for_a_minute_under_load(etcd, start, mock):
    write_base(etcd, mock.base)
    outage(start(etcd.endpoints), etcd, 60)


def test_start_without_etcd_from_the_cache(etcd, start, mock, tmp_path):
    """With pins: the good value serves and its time is the old one. The file is for its owner alone."""
    path = tmp_path / "state" / "cache.json"
    config = {"managed": {"snapshot_cache_path": str(path)}}
    write_base(etcd, mock.base)
    etcd.put("/aisix/models/pin", model("pinned"))
    first = start(etcd.endpoints, config)
    first.wait_for_models(["chat", "pinned"])
    etcd.put("/aisix/models/pin", "{bad")
    first.wait_for_revision(etcd.revision())
    since = first.status()["rejected"][0]["serving_stale_since"]
    hash_before = first.status()["applied"]["config_hash"]

    def written():
        return path.exists() and json.loads(path.read_text())["revision"] == etcd.revision()

    wait_until(written, "the cache is written")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    cache = json.loads(path.read_text())
    assert cache["version"] == 1
    assert {entry["key"]: base64.b64decode(entry["value_b64"]).decode() for entry in cache["entries"]} == etcd.all("/aisix")
    assert [entry["key"] for entry in cache["stale"]] == ["/aisix/models/pin"]
    assert set(cache["stale"][0]) == {"key", "value_b64", "revision", "since_unix_secs"}
    first.stop()
    etcd.kill()

    second = start(etcd.endpoints, config)
    assert second.models() == ["chat", "pinned"]
    second.wait_for_log("restored from the snapshot cache")
    wait_until(lambda: second.status()["source"]["connected"] is False, "the status says that etcd is away")
    status = second.status()
    assert status["state"] == "degraded" and status["applied"]["config_hash"] == hash_before
    assert status["applied"]["apply_seq"] == 1
    assert status["rejected"][0]["serving_stale_since"] == since
    with Load(second) as load:
        load.wait_for(50)
        etcd.start()
        etcd.wait_healthy()
        etcd.put("/aisix/models/pin", model("new"))
        second.wait_for_models(["chat", "new"])
    assert load.failures == []
    assert second.status()["state"] == "synced"


@pytest.mark.parametrize("content", ["", "{", '{"version":2,"revision":1,"entries":[]}',
                                     '{"version":1,"revision":1,"entries":[{"key":"/aisix/models/x","value_b64":"?","revision":1}]}'])
def test_a_corrupt_cache_is_ignored(etcd, start, mock, tmp_path, content):
    path = tmp_path / "cache.json"
    path.write_text(content)
    write_base(etcd, mock.base)
    gateway = start(etcd.endpoints, {"managed": {"snapshot_cache_path": str(path)}})
    gateway.wait_for_models(["chat"])
    assert "the snapshot cache is unusable and ignored" in gateway.log()
    wait_until(lambda: path.read_text() != content, "the cache is written anew")


def test_without_etcd_and_cache_nothing_is_ready(etcd, start, mock):
    etcd.kill()
    gateway = start(etcd.endpoints, wait=False)
    wait_until(lambda: gateway.metrics_get("/status/config")[0] == 200 and gateway.status()["last_failure"], "it tried")
    status = gateway.status()
    assert status["state"] == "never_loaded"
    assert status["source"] == {"type": "etcd", "connected": False}
    assert "applied" not in status and status["rejected"] == []
    assert gateway.metrics_get("/status/ready") == (503, "no configuration available")
    assert httpx.get(gateway.url + "/readyz").status_code == 503
    assert gateway.models() is None
    etcd.start()
    etcd.wait_healthy()
    write_base(etcd, mock.base)
    gateway.wait_for_models(["chat"])
    assert httpx.get(gateway.url + "/readyz").status_code == 200


def test_history_compacted_while_cut_off(etcd, start, mock):
    relay = Relay(etcd.ports[0][0])
    write_base(etcd, mock.base)
    gateway = start([relay.url])
    gateway.wait_for_models(["chat"])
    relay.freeze()
    wait_until(lambda: gateway.status()["source"]["connected"] is False, "the silence is noticed", timeout=10)
    etcd.put("/aisix/models/while-away", model("while-away"))
    etcd.delete("/aisix/models/chat")
    for _ in range(5):
        etcd.put("/aisix/models/while-away", model("while-away"))
    etcd.ctl("compact", str(etcd.revision()), "--physical")
    relay.thaw()
    gateway.wait_for_models(["while-away"])
    assert gateway.status()["state"] == "synced"
    relay.close()


def test_history_compacted_under_the_watch(etcd, start, mock):
    """The watch itself is told: etcd is replaced by one whose history begins later than where the gateway is."""
    write_base(etcd, mock.base)
    gateway = start(etcd.endpoints)
    gateway.wait_for_models(["chat"])
    etcd.kill()
    etcd.start()
    etcd.wait_healthy()
    for name in ("x", "y"):
        etcd.put(f"/aisix/models/{name}", model(name))
    etcd.ctl("compact", str(etcd.revision()))
    gateway.wait_for_models(["chat", "x", "y"])


def test_a_killed_admin_worker_knows_what_it_knew(etcd, start, mock):
    """Killed while etcd is away: pins, sequence and times are those of its predecessor, and nobody is refused."""
    write_base(etcd, mock.base)
    gateway = start(etcd.endpoints)
    gateway.wait_for_models(["chat"])
    etcd.put("/aisix/models/pin", model("pinned"))
    etcd.put("/aisix/models/pin", "{bad")
    gateway.wait_for_revision(etcd.revision())
    etcd.kill()
    wait_until(lambda: gateway.status()["source"]["connected"] is False, "the outage is seen")
    before = gateway.status()
    with Load(gateway) as load:
        load.wait_for(20)
        old = gateway.worker("admin")
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: gateway.worker("admin") not in (None, old), "admin is back")
        wait_until(lambda: gateway.metrics_get("/status/config")[0] == 200 and gateway.status()["state"] == "degraded",
                   "the status is whole again")
        load.wait_for(50)
    assert load.failures == []
    after = gateway.status()
    assert after["applied"] == before["applied"]
    assert after["rejected"][0]["serving_stale_since"] == before["rejected"][0]["serving_stale_since"]
    assert after["rejected"][0]["first_seen_at"] == before["rejected"][0]["first_seen_at"]
    # A proxy that starts now gets it all from the restored state.
    os.kill(gateway.worker("proxy"), signal.SIGKILL)
    wait_until(lambda: answers(gateway), "the proxy is back")
    assert gateway.models() == ["chat", "pinned"]


def answers(gateway):
    try:
        return gateway.models() is not None
    except httpx.HTTPError:
        return False


def test_hangup_is_no_end(etcd, start, mock):
    write_base(etcd, mock.base)
    gateway = start(etcd.endpoints)
    gateway.wait_for_models(["chat"])
    gateway.signal(signal.SIGHUP)
    gateway.wait_for_log("reload requested")
    etcd.put("/aisix/models/after-hangup", model("after-hangup"))
    gateway.wait_for_models(["after-hangup", "chat"])
