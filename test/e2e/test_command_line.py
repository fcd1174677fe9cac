"""Command line, exit codes, boot errors, `validate`."""

import json
import re
import socket

import pytest
from processes import GATEWAY, run_gateway
from resources import resources

PROXY = {"proxy": {"addr": "127.0.0.1:0"}}
ADMIN = {"admin": {"addr": "127.0.0.1:0", "admin_keys": ["k"]}}
METRICS = {"observability": {"metrics": {"prometheus": {"addr": "127.0.0.1:0"}}}}


def test_version():
    code, out, _ = run_gateway("--version")
    assert code == 0
    assert re.fullmatch(r"aisix \d\S*\n", out)
    assert run_gateway("-V")[1] == out


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["help"], ["help", "validate"], ["validate", "--help"]])
def test_help(arguments):
    code, out, _ = run_gateway(*arguments)
    assert code == 0
    assert "validate" in out or "--resources" in out


@pytest.mark.parametrize("arguments", [[], ["--nonsense"], ["validate"], ["nonsense"], ["--config"], ["export"]])
def test_usage_errors(arguments):
    code, out, err = run_gateway(*arguments)
    assert (code, out) == (2, "")
    assert err


def boot(tmp_path, settings, environment=None, name="config.yaml"):
    path = tmp_path / name
    path.write_text(settings if isinstance(settings, str) else json.dumps(settings))
    return run_gateway("--config", path, environment=environment)


@pytest.fixture
def file_mode(tmp_path):
    path = tmp_path / "resources.yaml"
    path.write_text(json.dumps(resources("http://127.0.0.1:9/v1")))
    return {"resources_file": str(path), **PROXY, **ADMIN, **METRICS}


@pytest.mark.parametrize("change, message", [
    ({"proxy": None}, "missing field `proxy`"),
    ({"proxy": {}}, "missing field `addr`"),
    ({"proxy": {"addr": "localhost:3000"}}, "proxy.addr invalid socket address: localhost:3000"),
    ({"proxy": {"addr": ":3000"}}, "proxy.addr invalid socket address: :3000"),
    ({"proxy": {"addr": "127.0.0.1:0", "workers": 0}}, "proxy.workers must be at least 1"),
    ({"proxy": {"addr": "127.0.0.1:0", "nonsense": 1}}, "unknown field `nonsense`"),
    ({"nonsense": 1}, "unknown field `nonsense`"),
    ({"proxy": {"addr": "127.0.0.1:0", "real_ip": {"trusted_proxies": ["10.0.0.0/99"]}}},
     "proxy.real_ip.trusted_proxies invalid CIDR/IP: 10.0.0.0/99"),
    ({"proxy": {"addr": "127.0.0.1:0", "request_id": {"accept_headers": ["authorization"]}}},
     'proxy.request_id.accept_headers rejects "authorization"'),
    ({"admin": {"addr": "127.0.0.1:0", "admin_keys": []}}, "admin.admin_keys must contain at least one key"),
    ({"admin": {"addr": "nowhere", "admin_keys": ["k"]}}, "admin.addr invalid socket address: nowhere"),
    ({"resources_file": " "}, "resources_file must not be empty when set"),
    ({"resources_file": None}, "etcd.endpoints must contain at least one endpoint"),
    ({"etcd": {"endpoints": ["http://127.0.0.1:2379"]}}, "mutually exclusive"),
    ({"managed": {"enabled": True}}, "resources_file cannot be combined with managed.enabled = true"),
    ({"observability": {"metrics": {"prometheus": {"addr": "x"}}}},
     "observability.metrics.prometheus.addr invalid socket address: x"),
    ({"observability": {"log_level": "a=b=c", "metrics": METRICS["observability"]["metrics"]}}, "invalid log filter directive"),
    ({"observability": {"metrics": {**METRICS["observability"]["metrics"], "buckets": {"request_ttft": [2, 1]}}}},
     "observability.metrics.buckets.request_ttft[1]: 1 must be greater than the preceding edge 2"),
    ({"upstream": {"tls": {"client_cert_file": "/x"}}},
     "upstream.tls.client_cert_file requires upstream.tls.client_key_file"),
    ({"upstream": {"tls": {"ca_file": "/does/not/exist"}}}, "upstream.tls.ca_file: read /does/not/exist: "),
    ({"proxy": {"addr": "127.0.0.1:0", "tls": {"cert_file": "/does/not/exist", "key_file": "/nor/this"}}}, "proxy.tls"),
    ({"ratelimit": {"backend": "redis"}}, "ratelimit.backend = redis requires a ratelimit.redis block"),
    ({"cache": None, "ratelimit": {"backend": "memcached"}}, "memcached"),
    ({"shutdown": {"min_drain_secs": -1}}, "min_drain_secs"),
    ({"resources_file": "/does/not/exist.yaml"}, "resources file /does/not/exist.yaml: 1 error(s):\n  - (file): cannot read file: "),
])
def test_boot_errors(tmp_path, file_mode, change, message):
    settings = {**file_mode, **change}
    code, out, err = boot(tmp_path, {key: value for key, value in settings.items() if value is not None})
    assert code == 1, err
    assert out == ""
    assert "Error: " in err
    assert message in err


def test_boot_errors_of_the_file_itself(tmp_path, file_mode):
    assert 'configuration file "' in run_gateway("--config", tmp_path / "absent.yaml")[2]
    assert "is not of a registered file format" in boot(tmp_path, "x", name="config.ini")[2]
    assert boot(tmp_path, "proxy: [\n")[0] == 1
    assert "missing field `proxy`" in boot(tmp_path, "")[2]
    code, _, err = boot(tmp_path, "cache:\nproxy: {addr: '127.0.0.1:0'}\n")
    assert code == 1 and "invalid type: unit value" in err


def test_broken_resources_fail_the_boot(tmp_path, file_mode):
    path = tmp_path / "broken.yaml"
    path.write_text('_format_version: "1"\nmodels:\n  - display_name: a\n  - display_name: a\nwhat: 1\n')
    code, _, err = boot(tmp_path, {**file_mode, "resources_file": str(path)})
    assert code == 1
    assert f"Error: resources file {path}: " in err
    assert "unknown top-level key `what`" in err
    assert 'duplicate models entry: display_name "a" is already defined at models[0]' in err


def test_environment_overrides(tmp_path, file_mode):
    assert "unknown field `foo`" in boot(tmp_path, file_mode, {"AISIX_FOO": "1"})[2]
    assert "proxy.workers must be at least 1" in boot(tmp_path, file_mode, {"AISIX_PROXY__WORKERS": "0"})[2]
    # Documented names that are no keys.
    err = boot(tmp_path, file_mode, {"AISIX_CONFIG": "x", "AISIX_DP_BUDGET_STALE_MAX_SECONDS": "5",
                                     "AISIX_PROXY__WORKERS": "0"})[2]
    assert "proxy.workers must be at least 1" in err


@pytest.mark.parametrize("listener, message", [
    ("proxy", "proxy serve error: proxy listener bind {addr} failed: "),
    ("metrics", "metrics listener bind {addr} failed: "),
    ("admin", "admin serve error: ")])
def test_address_in_use(tmp_path, file_mode, listener, message):
    with socket.socket() as taken:
        # Even one who would share the address: another program's traffic is not ours.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        settings = dict(file_mode)
        if listener == "metrics":
            settings["observability"] = {"metrics": {"prometheus": {"addr": address}}}
        else:
            settings[listener] = {**settings[listener], "addr": address}
        code, _, err = boot(tmp_path, settings)
    assert code == 1
    assert "Error: " + message.format(addr=address) in err


def test_config_from_the_environment(start_gateway):
    gateway = start_gateway(resources("http://127.0.0.1:9/v1"), environment={"AISIX_PROXY__REQUEST_BODY_LIMIT_BYTES": "10"})
    import httpx
    assert httpx.post(gateway.base + "/chat/completions", content="x" * 11).status_code == 413


def test_formats(tmp_path, start_gateway):
    """YAML, JSON and TOML say the same."""
    gateway = start_gateway(resources("http://127.0.0.1:9/v1"))
    gateway.stop()
    assert gateway.child.returncode == 0
    path = tmp_path / "config.toml"
    path.write_text('resources_file = "/does/not/exist"\n[proxy]\naddr = "127.0.0.1:0"\n[admin]\nenabled = false\n'
                    '[observability.metrics.prometheus]\naddr = "127.0.0.1:0"\n')
    assert "resources file /does/not/exist: 1 error(s)" in run_gateway("--config", path)[2]
    path = tmp_path / "config.json"
    path.write_text('{"resources_file": "/does/not/exist", "proxy": {"addr": "127.0.0.1:0"}, "admin": {"enabled": false},'
                    '"observability": {"metrics": {"prometheus": {"addr": "127.0.0.1:0"}}}}')
    assert "resources file /does/not/exist: 1 error(s)" in run_gateway("--config", path)[2]


def test_validate(tmp_path):
    good = tmp_path / "good.yaml"
    good.write_text("""\
_format_version: "1"
provider_keys:
  - display_name: openai-prod
    provider: openai
    api_key: ${UPSTREAM_KEY}
models:
  - {display_name: gpt-4o, provider: openai, model_name: gpt-4o-2024-11-20, provider_key: openai-prod}
api_keys:
  - {display_name: ci-bot, key_env: CI_BOT_KEY, allowed_models: ["gpt-4o"]}
""")
    environment = {"UPSTREAM_KEY": "sk-1", "CI_BOT_KEY": "sk-2"}
    assert run_gateway("validate", "--resources", good, environment=environment) == (
        0, f"OK: {good} loaded 3 resource(s)\n", "")
    code, out, err = run_gateway("validate", "--resources", good, environment={"UPSTREAM_KEY": "sk-1"})
    assert (code, out) == (1, "")
    assert err.endswith(f'resources file {good}: 1 error(s):\n  - api_keys[0] ("ci-bot"): `key_env` environment variable '
                        "`CI_BOT_KEY` is unset or empty\n")
    code, _, err = run_gateway("validate", "--resources", tmp_path / "absent.yaml")
    assert code == 1 and "cannot read file: " in err


def test_validate_reports_all(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text('_format_version: "1"\nmodels:\n  - {display_name: a}\n  - {}\n  - 7\nguardrails: {}\nnonsense: 1\n')
    code, _, err = run_gateway("validate", "--resources", bad)
    assert code == 1
    for part in (f"resources file {bad}: 5 error(s):", 'models[0] ("a"): ', "models[1]: ", "models[2]: entry must be a mapping",
                 "`guardrails` must be a sequence of maps", "unknown top-level key `nonsense`"):
        assert part in err


def test_example_validates():
    """The examples that are delivered are right."""
    import pathlib
    examples = pathlib.Path(__file__).resolve().parents[2] / "conf"
    found = list(examples.rglob("*resources*.yaml"))
    assert found
    import os
    names = set()
    for path in found:
        names.update(re.findall(r"(?<!\$)\$\{(\w+)\}", path.read_text()))
        names.update(re.findall(r"key_env:\s*\"?(\w+)", path.read_text()))
        code, _, err = run_gateway("validate", "--resources", path,
                                   environment={name: f"value-of-{name}" for name in names})
        assert code == 0, f"{path}: {err}"
    assert os.access(GATEWAY, os.X_OK)


def test_start_up_warnings(start_gateway):
    """What an operator should know is said once, and no secret with it."""
    gateway = start_gateway(resources("http://127.0.0.1:9/v1"), {
        "proxy": {"url_rewrites": [{"match": "^/a$", "rewrite": "/b"}]},
        "admin": {"addr": "0.0.0.0:0", "admin_keys": ["admin-secret"]},
        "observability": {"metrics": {"prometheus": {"addr": "0.0.0.0:0"}}},
        "cache": {"redis": {"url": "redis://:redis-secret@127.0.0.1:1"}}, "upstream": {"tls": {"verify": False}}})
    warnings = [line for line in gateway.log().splitlines() if " WARN " in line]
    unbuilt = [line for line in warnings if "without effect" in line]
    assert len(unbuilt) == 1
    assert "proxy.url_rewrites" in unbuilt[0] and "cache.redis" in unbuilt[0]
    for words in ("admin.addr 0.0.0.0:0 is a public address", "observability.metrics.prometheus.addr 0.0.0.0:0 is a public",
                  "admin.tls is not set", "upstream.tls.verify"):
        assert any(words in line for line in warnings), words
    assert "secret" not in gateway.log()


def test_without_admin_and_metrics(start_gateway, mock):
    gateway = start_gateway(resources(mock.base), {"admin": {"enabled": False}, "observability": {"metrics": {
        "prometheus": {"enabled": False}}}}, wait=False)
    import httpx
    from processes import wait_until
    url = gateway.url
    wait_until(lambda: httpx.get(url + "/readyz").status_code == 200, "ready")
    assert "listener=admin" not in gateway.log() and "listener=metrics" not in gateway.log()


@pytest.mark.parametrize("per_core", [True, False])
def test_serving_topologies(start_gateway, mock, per_core):
    from concurrent.futures import ThreadPoolExecutor

    import httpx
    gateway = start_gateway(resources(mock.base), {"proxy": {"addr": "127.0.0.1:0", "workers": 3, "thread_per_core": per_core}})
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: httpx.post(
            gateway.base + "/chat/completions", headers={"authorization": "Bearer sk-caller-1"}, timeout=30,
            json={"model": "chat", "messages": [{"role": "user", "content": "x"}]}).status_code, range(64)))
    assert statuses == [200] * 64
