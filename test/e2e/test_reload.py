"""resources.yaml changes while the gateway serves."""

import copy
import hashlib
import os
import signal

import httpx
import pytest
from load import Load
from processes import wait_until
from resources import KEY, api_key, model, resources

HEADERS = {"authorization": f"Bearer {KEY}"}


def report_in(log):
    """Reports are logged as one line each, with their quotes and line ends escaped."""
    return log.replace('\\"', '"').replace("\\n", "\n")


def ask(gateway, name, key=KEY):
    return httpx.post(gateway.base + "/chat/completions", headers={"authorization": f"Bearer {key}"}, timeout=30,
                      json={"model": name, "messages": [{"role": "user", "content": "x"}]})


@pytest.mark.parametrize("how", ["rename", "in place"])
def test_new_model_under_load(start_gateway, mock, how):
    base = resources(mock.base)
    gateway = start_gateway(base)
    with Load(gateway) as load:
        load.wait_for(50)
        for number in range(5):
            assert ask(gateway, f"new-{number}").status_code == 404
            base["models"].append(model(f"new-{number}", f"upstream-{number}"))
            if how == "rename":
                gateway.write_resources(base)
            else:
                import json
                gateway.resources_path.write_text(json.dumps(base))
            gateway.signal(signal.SIGHUP)
            wait_until(lambda: ask(gateway, f"new-{number}").status_code == 200, "the new model is served")
            load.wait_for(50)
    assert load.failures == []
    status = gateway.status()
    assert status["state"] == "synced"
    assert status["applied"]["apply_seq"] == 6
    assert status["applied"]["resource_counts"] == {"provider_keys": 1, "models": 10, "api_keys": 5}
    assert status["applied"]["config_hash"] == hashlib.sha256(gateway.resources_path.read_bytes()).hexdigest()


def test_everything_can_change(start_gateway, mock):
    """Keys come and go, models are renamed, allowances shrink."""
    base = resources(mock.base)
    gateway = start_gateway(base)
    changed = copy.deepcopy(base)
    changed["models"] = [model("renamed", "up"), model("other", "up")]
    changed["api_keys"] = [api_key("second", "sk-second", ["renamed"])]
    gateway.reload(changed)
    wait_until(lambda: ask(gateway, "renamed", "sk-second").status_code == 200, "the new set is served")
    assert ask(gateway, "chat", KEY).status_code == 401
    assert ask(gateway, "chat", "sk-second").status_code == 404
    assert ask(gateway, "other", "sk-second").status_code == 403
    gateway.reload(base)
    wait_until(lambda: ask(gateway, "chat").status_code == 200, "the old set is served")
    assert ask(gateway, "renamed", "sk-second").status_code == 401


BROKEN = [
    ("_format_version: \"1\"\nmodels: [\n", "non_json", "YAML parse error"),
    ("_format_version: 1\n", "schema_failed", '_format_version must be the string "1" (quote it)'),
    ("_format_version: \"1\"\nmodells: []\n", "schema_failed", "unknown top-level key `modells`"),
    ("_format_version: \"1\"\nmodels: [{display_name: m, provider: openai, model_name: x, provider_key: nowhere}]\n",
     "schema_failed", '`provider_key` references unknown provider key "nowhere" (no provider_keys are defined in this file)'),
    ("_format_version: \"1\"\nprovider_keys: [{display_name: p, api_key: k, api_bass: x}]\n", "schema_failed", "api_bass"),
    ("_format_version: \"1\"\nprovider_keys: [{display_name: p, api_key: '${NOT_SET_ANYWHERE}'}]\n", "schema_failed",
     "environment variable `NOT_SET_ANYWHERE` is unset or empty"),
    ("", "schema_failed", "file is empty"),
]


@pytest.mark.parametrize("text, kind, message", BROKEN, ids=range(len(BROKEN)))
def test_broken_file(start_gateway, mock, text, kind, message):
    base = resources(mock.base)
    gateway = start_gateway(base)
    good_hash = gateway.status()["applied"]["config_hash"]
    with Load(gateway, threads=2) as load:
        gateway.reload(text)
        load.wait_for(20)
    assert load.failures == []
    # The report is in the log, whole.
    gateway.wait_for_log(r"resources file .*: 1 error\(s\)")
    assert message in report_in(gateway.log())
    status = gateway.status()
    assert status["state"] == "out_of_sync"
    assert status["applied"]["config_hash"] == good_hash
    assert status["source"]["source_hash"] == hashlib.sha256(text.encode()).hexdigest()
    assert status["last_reload"]["successful"] is False
    assert status["last_failure"]["last_error_kind"] == kind
    assert [entry["last_error_kind"] for entry in status["rejected"]] == [kind]
    assert message in status["rejected"][0]["last_error"]
    assert gateway.metric("aisix_config_last_reload_successful") == 0
    assert gateway.metric("aisix_config_rejected_resources") == 1
    assert gateway.metric("aisix_config_reload_failures_total",
                          reason="parse" if kind == "non_json" else "validate") == 1
    # And it recovers.
    gateway.reload(base)
    wait_until(lambda: gateway.status()["state"] == "synced", "the good file is back")
    assert gateway.status()["rejected"] == []
    assert gateway.status()["last_failure"]["last_error_kind"] == kind
    assert gateway.metric("aisix_config_rejected_resources") == 0


def test_report_names_every_error(start_gateway, mock):
    base = resources(mock.base)
    gateway = start_gateway(base)
    broken = copy.deepcopy(base)
    broken["models"].append({"display_name": "no-target"})
    broken["api_keys"].append(api_key("caller", "sk-x"))
    broken["api_keys"].append(api_key("dangling", "sk-y", ["never-defined"]))
    gateway.reload(broken)
    log = report_in(gateway.log())
    assert f"resources file {gateway.resources_path}: 3 error(s):" in log
    assert 'models[5] ("no-target"): ' in log
    assert 'api_keys[5] ("caller"): duplicate api_keys entry: display_name "caller" is already defined at api_keys[0]' in log
    assert 'api_keys[6] ("dangling"): allowed_models entry references unknown model "never-defined"' in log
    assert len(gateway.status()["rejected"]) == 3
    assert ask(gateway, "chat").status_code == 200


def test_file_is_gone(start_gateway, mock):
    gateway = start_gateway(resources(mock.base))
    before = gateway.reloads()
    os.unlink(gateway.resources_path)
    gateway.signal(signal.SIGHUP)
    wait_until(lambda: gateway.reloads() > before, "the reload happened")
    status = gateway.status()
    assert status["last_failure"]["last_error_kind"] == "fetch"
    assert status["last_failure"]["last_error"] == "configuration source unreachable"
    assert ask(gateway, "chat").status_code == 200


def test_secrets_from_the_environment(start_gateway, mock):
    base = resources(mock.base)
    base["provider_keys"][0]["api_key"] = "pre-${UPSTREAM_SECRET}"
    base["api_keys"].append({"display_name": "from-env", "key_env": "CALLER_SECRET", "allowed_models": ["*"]})
    gateway = start_gateway(base, environment={"UPSTREAM_SECRET": "s3cr3t-upstream", "CALLER_SECRET": "sk-s3cr3t-caller"})
    reply = ask(gateway, "chat", "sk-s3cr3t-caller")
    assert reply.status_code == 200
    received = mock.only_request(reply.headers["x-aisix-request-id"])
    assert ["authorization", "Bearer pre-s3cr3t-upstream"] in [[name.lower(), value] for name, value in received["headers"]]
    gateway.reload(base)
    assert ask(gateway, "chat", "sk-s3cr3t-caller").status_code == 200
    assert "s3cr3t" not in gateway.log()


def test_a_stream_keeps_what_it_started_with(start_gateway, mock):
    base = resources(mock.base)
    gateway = start_gateway(base)
    with httpx.stream("POST", gateway.base + "/chat/completions", headers=HEADERS, timeout=30, json={
            "model": "mock/m?chunks=40&gap_ms=50", "stream": True,
            "messages": [{"role": "user", "content": "x"}]}) as reply:
        lines = reply.iter_lines()
        next(lines)
        without = copy.deepcopy(base)
        without["models"] = [model("chat", "m")]
        without["api_keys"] = [api_key("caller", KEY, ["chat"])]
        gateway.reload(without)
        wait_until(lambda: ask(gateway, "mock/m").status_code == 404, "the model is gone")
        assert list(lines)[-2] == "data: [DONE]"


def test_many_signals(start_gateway, mock):
    """Reloads coalesce; none is lost for the last content."""
    base = resources(mock.base)
    gateway = start_gateway(base)
    for number in range(30):
        base["models"] = base["models"][:5] + [model(f"turn-{number}", "m")]
        gateway.write_resources(base)
        gateway.signal(signal.SIGHUP)
    wait_until(lambda: ask(gateway, "turn-29").status_code == 200, "the last content is served")
    assert ask(gateway, "turn-28").status_code == 404
