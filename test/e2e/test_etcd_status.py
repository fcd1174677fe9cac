"""Documents written with plain etcdctl: what is accepted, pinned and rejected, and how the status tells it. One etcd
and one gateway for the whole file; each test has keys of its own and removes them."""

import hashlib
import json
import re

import httpx
import pytest
from etcd import Etcd, EtcdGateway, model, provider_key, write_base
from processes import wait_until

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
EMPTY_HASH = hashlib.sha256(b"").hexdigest()


@pytest.fixture(scope="module")
def etcd(tmp_path_factory):
    server = Etcd(tmp_path_factory.mktemp("etcd"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, etcd, mock):
    process = EtcdGateway(tmp_path_factory.mktemp("gateway"), etcd.endpoints)
    write_base(etcd, mock.base)
    process.wait_for_models(["chat"])
    yield process
    process.stop()


@pytest.fixture
def keys(etcd):
    """Keys that go at the end of the test."""
    written = []
    yield written
    for key in written:
        etcd.delete(key)


def settle(gateway, etcd):
    """The status once everything that was written so far is applied."""
    gateway.wait_for_revision(etcd.revision())
    return gateway.status()


def rejection(status, identity):
    found = [row for row in status["rejected"] if row["resource_id"] == identity]
    assert len(found) <= 1, found
    return found[0] if found else None


def canonical_hash(entries):
    text = b"".join(key.encode() + b"\0" + json.dumps(json.loads(value), sort_keys=True, separators=(",", ":"),
                                                      ensure_ascii=False).encode() + b"\n"
                    for key, value in sorted(entries.items()))
    return hashlib.sha256(text).hexdigest()


def test_a_whole_status(gateway, etcd):
    status = settle(gateway, etcd)
    assert list(status) == ["state", "source", "applied", "last_reload", "last_failure", "rejected", "partially_compatible"]
    assert list(status["source"]) == ["type", "connected", "observed_revision", "source_hash", "observed_at"]
    assert list(status["applied"]) == ["applied_revision", "config_hash", "apply_seq", "applied_at", "resource_counts"]
    assert status["state"] == "synced"
    assert status["source"]["type"] == "etcd" and status["source"]["connected"] is True
    assert status["source"]["observed_revision"] == status["applied"]["applied_revision"] == etcd.revision()
    expected = canonical_hash(etcd.all("/aisix"))
    assert status["source"]["source_hash"] == status["applied"]["config_hash"] == expected
    assert status["applied"]["resource_counts"] == {"api_keys": 1, "models": 1, "provider_keys": 1}
    assert status["last_reload"]["successful"] is True
    assert status["last_failure"] is None and status["rejected"] == [] and status["partially_compatible"] == []
    for time in (status["source"]["observed_at"], status["applied"]["applied_at"], status["last_reload"]["at"]):
        assert TIME.match(time)


def test_sequence_and_hash_move_with_the_content(gateway, etcd, keys):
    before = settle(gateway, etcd)["applied"]
    keys.append("/aisix/models/seq")
    etcd.put("/aisix/models/seq", model("seq"))
    put = settle(gateway, etcd)["applied"]
    assert put["apply_seq"] == before["apply_seq"] + 1 and put["config_hash"] != before["config_hash"]
    assert put["resource_counts"]["models"] == 2
    # Written again in other words: nothing that serves has changed, but the revision has.
    etcd.put("/aisix/models/seq", json.dumps(model("seq"), indent=3))
    same = settle(gateway, etcd)["applied"]
    assert same["config_hash"] == put["config_hash"] and same["apply_seq"] == put["apply_seq"]
    assert same["applied_revision"] == put["applied_revision"] + 1
    etcd.delete("/aisix/models/seq")
    gone = settle(gateway, etcd)["applied"]
    assert gone["config_hash"] == before["config_hash"] and gone["apply_seq"] == put["apply_seq"] + 1
    # Deleting what is not there raises the revision of etcd only when something is deleted.
    etcd.delete("/aisix/models/never-there")
    assert settle(gateway, etcd)["applied"]["apply_seq"] == gone["apply_seq"]


@pytest.mark.parametrize("key, value, kind, error", [
    ("/aisix/models/bad", "{", "non_json", r"^parse error at line 1, column \d+"),
    ("/aisix/models/bad", "[1]", "schema_failed", r'^schema validation failed at ``: value is not of type "object"$'),
    ("/aisix/models/bad", {"display_name": 7}, "schema_failed", r'^schema validation failed at `/display_name`: '),
    ("/aisix/api_keys/bad", {"allowed_models": []}, "schema_failed", '"key_hash" is a required property'),
    ("/aisix/cache_policies/bad", {"name": "c", "backend": "tape"}, "schema_failed", "at `/backend`: value is not one of"),
    ("/aisix/provider_keys/bad", {"display_name": "p", "provider": "openai", "api_key": "a", "secret": "b"}, "parse_failed",
     "duplicate field `api_key`"),
    ("/aisix/gadgets/bad", {"name": "x"}, "unknown_kind", '^unknown kind "gadgets"$'),
    ("/aisix/gadgets/bad", "no json", "non_json", "^parse error"),
])
def test_rejections(gateway, etcd, keys, key, value, kind, error):
    before = settle(gateway, etcd)
    keys.append(key)
    etcd.put(key, value)
    status = settle(gateway, etcd)
    row = rejection(status, "bad")
    assert row["last_error_kind"] == kind
    assert re.search(error, row["last_error"]), row["last_error"]
    assert row["resource_kind"] == key.split("/")[2]
    assert TIME.match(row["first_seen_at"]) and TIME.match(row["last_seen_at"])
    assert "serving_stale_since" not in row
    assert status["state"] == "degraded"
    assert status["last_reload"]["successful"] is False
    assert status["last_failure"]["last_error_kind"] == kind
    # It never serves, and only the revision and the source's hash have moved.
    assert status["applied"]["config_hash"] == before["applied"]["config_hash"]
    assert status["applied"]["applied_revision"] == etcd.revision()
    assert status["source"]["source_hash"] != before["source"]["source_hash"]
    assert gateway.metric("aisix_config_rejected_resources", kind=row["resource_kind"]) == 1
    etcd.delete(key)
    status = settle(gateway, etcd)
    assert status["state"] == "synced" and status["rejected"] == []
    assert status["last_failure"]["last_error_kind"] == kind  # sticky
    assert gateway.metric("aisix_config_rejected_resources", kind=row["resource_kind"]) == 0  # kept at 0


@pytest.mark.parametrize("key, error", [
    ("/aisix-extra/models/x", 'etcd key "/aisix-extra/models/x" does not start with configured prefix "/aisix"'),
    ("/aisixmodels/x", 'etcd key "/aisixmodels/x" does not start with configured prefix "/aisix"'),
    ("/aisix/models", 'etcd key "/aisix/models" is missing the `{kind}/{id}` suffix'),
    ("/aisix/models/", 'etcd key "/aisix/models/" has an empty kind or id segment'),
    ("/aisix//x", 'etcd key "/aisix//x" has an empty kind or id segment'),
])
def test_keys_that_are_none(gateway, etcd, key, error):
    etcd.put(key, "{}")
    row = rejection(settle(gateway, etcd), "")
    assert row == {"resource_kind": "", "resource_id": "", "last_error_kind": "bad_key", "last_error": error,
                   "first_seen_at": row["first_seen_at"], "last_seen_at": row["last_seen_at"]}
    # The deletion of such a key is ignored: the row stays until the next full load, which a restart of etcd brings.
    etcd.delete(key)
    etcd.put("/aisix/models/chat", model("chat"))
    assert rejection(settle(gateway, etcd), "") is not None
    reload_from(gateway, etcd)
    assert rejection(settle(gateway, etcd), "") is None


def reload_from(gateway, etcd):
    """A full load: the connection is lost."""
    before = gateway.reloads()
    etcd.restart()
    wait_until(lambda: gateway.reloads() > before and gateway.status()["source"]["connected"], "etcd was read again")


def test_an_id_may_hold_slashes(gateway, etcd, keys):
    keys.append("/aisix/models/a/b")
    etcd.put("/aisix/models/a/b", model("slashed"))
    gateway.wait_for_models(["chat", "slashed"])
    assert any(row["id"] == "a/b" for row in json.loads(gateway.metrics_get("/status/models")[1]))


def test_a_bad_document_pins_what_served(gateway, etcd, keys):
    key = "/aisix/models/pin"
    keys.append(key)
    etcd.put(key, model("pinned"))
    gateway.wait_for_models(["chat", "pinned"])
    good = settle(gateway, etcd)
    etcd.put(key, "{bad")
    status = settle(gateway, etcd)
    row = rejection(status, "pin")
    since = row["serving_stale_since"]
    assert TIME.match(since) and 0 <= row["serving_stale_age_seconds"] < 60
    assert status["state"] == "degraded"
    assert status["applied"]["config_hash"] == good["applied"]["config_hash"]
    assert gateway.models() == ["chat", "pinned"]
    assert gateway.metric("aisix_config_stale_served_resources", kind="models") == 1
    # Bad in another way: the pin and the first time stay.
    etcd.put(key, {"display_name": 1})
    row = rejection(settle(gateway, etcd), "pin")
    assert row["serving_stale_since"] == since and row["last_error_kind"] == "schema_failed"
    assert gateway.models() == ["chat", "pinned"]
    # Through a full load too.
    reload_from(gateway, etcd)
    row = rejection(settle(gateway, etcd), "pin")
    assert row["serving_stale_since"] == since
    assert gateway.models() == ["chat", "pinned"]
    # Good again: no pin, the new value.
    etcd.put(key, model("renamed"))
    status = settle(gateway, etcd)
    assert status["state"] == "synced"
    gateway.wait_for_models(["chat", "renamed"])  # the old name is gone
    assert gateway.metric("aisix_config_stale_served_resources", kind="models") == 0
    # A pin never outlives its key.
    etcd.put(key, "{bad")
    etcd.delete(key)
    settle(gateway, etcd)
    gateway.wait_for_models(["chat"])


def test_bad_meanwhile(gateway, etcd, keys):
    """A document became bad while nobody watched: the full load pins what serves."""
    key = "/aisix/models/meanwhile"
    keys.append(key)
    etcd.put(key, model("meanwhile"))
    gateway.wait_for_models(["chat", "meanwhile"])
    etcd.transaction([("put", key, "{bad"), ("del", "/aisix/models/nothing")])
    reload_from(gateway, etcd)
    assert rejection(settle(gateway, etcd), "meanwhile")["serving_stale_age_seconds"] >= 0
    assert gateway.models() == ["chat", "meanwhile"]


def test_both_spellings(gateway, etcd, keys, mock):
    keys.append("/aisix/provider_keys/old")
    document = provider_key(mock.base)
    document["secret"] = document.pop("api_key")
    etcd.put("/aisix/provider_keys/old", document)
    status = settle(gateway, etcd)
    assert status["state"] == "synced" and status["applied"]["resource_counts"]["provider_keys"] == 2
    assert status["applied"]["config_hash"] == canonical_hash(etcd.all("/aisix"))


def test_unknown_members_are_served_and_reported(gateway, etcd, keys):
    keys += ["/aisix/models/new-1", "/aisix/models/new-2", "/aisix/cache_policies/new"]
    etcd.put("/aisix/models/new-1", model("new-1", future_knob=1, cooldown={"enabled": True, "later": {"x": 1}}))
    etcd.put("/aisix/models/new-2", model("new-2", future_knob=2))
    etcd.put("/aisix/cache_policies/new", {"name": "new", "vendor": "x"})
    status = settle(gateway, etcd)
    assert status["state"] == "synced"
    assert status["partially_compatible"] == [
        {"resource_kind": "cache_policies", "field": "vendor", "count": 1},
        {"resource_kind": "models", "field": "cooldown.later", "count": 1},
        {"resource_kind": "models", "field": "future_knob", "count": 2}]
    assert gateway.metric("aisix_config_partially_compatible_resources", kind="models") == 2
    assert gateway.models() == ["chat", "new-1", "new-2"]
    assert "members without effect" in gateway.log()


def test_inapplicable_knobs(gateway, etcd, keys):
    keys.append("/aisix/models/group")
    etcd.put("/aisix/models/group", {"display_name": "group", "retries": 3, "cost": {"input_per_1k": 1, "output_per_1k": 1},
                                     "routing": {"strategy": "failover", "targets": [{"model": "chat"}]}})
    status = settle(gateway, etcd)
    assert status["state"] == "synced", status["rejected"]
    assert [row["field"] for row in status["partially_compatible"]] == ["inapplicable:cost", "inapplicable:retries"]


def test_rejections_are_bounded_service_is_not(gateway, etcd):
    """300 bad documents and 300 good ones in two transactions: 256 rows, 300 models, one step each."""
    for batch in range(3):
        etcd.transaction([("put", f"/aisix/models/many-{n:03}", "{") for n in range(100 * batch, 100 * batch + 100)])
    status = settle(gateway, etcd)
    assert len(status["rejected"]) == 256
    assert [row["resource_id"] for row in status["rejected"]] == sorted(row["resource_id"] for row in status["rejected"])
    assert rejection(status, "many-299") and not rejection(status, "many-000")
    before = status["applied"]["apply_seq"]
    for batch in range(3):
        etcd.transaction([("put", f"/aisix/models/many-{n:03}", model(f"many-{n:03}")) for n in range(100 * batch, 100 * batch + 100)])
    status = settle(gateway, etcd)
    assert status["state"] == "synced" and status["applied"]["resource_counts"]["models"] == 301
    # The documents of a transaction take effect together.
    assert before < status["applied"]["apply_seq"] <= before + 3
    etcd.ctl("del", "--prefix", "/aisix/models/many-")
    gateway.wait_for_models(["chat"])


def test_health(gateway, etcd, keys):
    def health():
        reply = httpx.get(gateway.admin_url + "/admin/v1/health", headers={"authorization": "Bearer admin-key"}, timeout=10)
        return reply.json()

    keys.append("/aisix/models/health")
    etcd.put("/aisix/models/health", model("health"))
    status = settle(gateway, etcd)
    answer = health()
    assert answer["config"]["snapshot_revision"] == status["applied"]["applied_revision"]
    assert 0 <= answer["config"]["snapshot_age_seconds"] < 60
    assert answer["status"] == "ok" and len(answer["models"]) == 2
    # A refused document is no fresh configuration.
    etcd.put("/aisix/models/health", "{")
    assert settle(gateway, etcd)["applied"]["applied_revision"] > answer["config"]["snapshot_revision"]
    assert health()["config"]["snapshot_revision"] == answer["config"]["snapshot_revision"]


def test_metrics(gateway, etcd):
    status = settle(gateway, etcd)
    assert gateway.metric("aisix_config_source_connected") == 1
    assert gateway.metric("aisix_config_observed_revision") == status["source"]["observed_revision"]
    assert gateway.metric("aisix_config_applied_revision") == status["applied"]["applied_revision"]
    assert gateway.metric("aisix_config_hash_info", hash=status["applied"]["config_hash"]) == 1
    assert gateway.metric("aisix_config_hash_info") == 1  # all others are 0
    assert gateway.metric("aisix_config_last_reload_success_timestamp_seconds") > 1_700_000_000
    assert gateway.metric("aisix_config_reloads_total") >= 1
    assert gateway.metric("aisix_config_watch_pending_changes") == 0
    assert gateway.metric("aisix_config_watch_lag_seconds") == 0


def test_nothing_left_serves_nothing(gateway, etcd, mock):
    """Last in this file: everything goes, and an empty configuration is a valid one."""
    etcd.ctl("del", "--prefix", "/aisix")
    status = settle(gateway, etcd)
    assert status["state"] == "empty"
    assert status["applied"]["config_hash"] == status["source"]["source_hash"] == EMPTY_HASH
    assert status["applied"]["resource_counts"] == {}
    assert gateway.models() is None
    assert gateway.metrics_get("/status/ready")[0] == 200
    etcd.put("/aisix/models/only", "{")
    assert settle(gateway, etcd)["state"] == "out_of_sync"
    etcd.delete("/aisix/models/only")
    write_base(etcd, mock.base)
    gateway.wait_for_models(["chat"])
