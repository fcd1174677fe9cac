"""The metrics listener: /metrics, /status/*."""

import re

import httpx
import pytest
from processes import ZONES, wait_until
from resources import KEY, resources
from wire import chat_body

JSON = {"content-type": "application/json", "authorization": f"Bearer {KEY}"}
# The id of a caller key derives from its name in the file: the same for everybody's "ci-bot".
CI_BOT_ID = "684ff58d-e95f-516f-852f-ddfeec89cc0f"


@pytest.fixture
def fresh(start_gateway, mock):
    base = resources(mock.base)
    base["api_keys"].append({"display_name": "ci-bot", "key_hash": "0" * 64, "allowed_models": []})
    return start_gateway(base)


def post(gateway, model="chat", **more):
    return httpx.post(gateway.base + "/chat/completions", content=chat_body(model, **more), headers=JSON, timeout=30)


def test_format(fresh):
    post(fresh)
    wait_until(lambda: fresh.metric("aisix_requests_total"), "the request is counted")
    reply = httpx.get(fresh.metrics_url + "/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    text = reply.text
    assert "# HELP" not in text
    kinds = dict(re.findall(r"^# TYPE (\S+) (\w+)$", text, re.M))
    assert len(re.findall(r"^# TYPE ", text, re.M)) == len(kinds), "a family appears twice"
    for line in text.splitlines():
        assert line == "" or line.startswith("# TYPE ") or re.match(
            r'[a-z_:][a-z0-9_:]*(\{(\w+="([^"\\\n]|\\.)*",?)*\})? (-?[0-9.e+-]+|\+Inf|NaN)$', line), line
    order = [kind for _, kind in re.findall(r"^# TYPE (\S+) (\w+)$", text, re.M)]
    rank = {"counter": 0, "gauge": 1, "histogram": 2, "summary": 2}
    assert [rank[kind] for kind in order] == sorted(rank[kind] for kind in order)
    assert kinds["aisix_request_duration_seconds"] == "summary"
    assert kinds["aisix_request_e2e_latency_seconds"] == "histogram"


def test_ids_derive_from_names(start_gateway, mock):
    base = resources(mock.base)
    base["api_keys"][0]["display_name"] = "ci-bot"
    gateway = start_gateway(base)
    post(gateway)
    wait_until(lambda: gateway.metric("aisix_proxy_requests_total", api_key_id=CI_BOT_ID) == 1, "its id is the label")


def test_request_families(fresh):
    assert fresh.metric("aisix_proxy_requests_total") is None  # a family appears at first use
    for _ in range(3):
        assert post(fresh).status_code == 200
    wait_until(lambda: fresh.metric("aisix_requests_total", provider="openai", model="chat", status="200",
                                    outcome="success") == 3, "three requests are counted")
    labels = {"endpoint": "/v1/chat/completions", "model": "chat", "provider": "openai", "upstream_model": "upstream-chat",
              "status": "200", "stream": "false", "provider_key_name": "mock", "inbound_protocol": "openai"}
    assert fresh.metric("aisix_proxy_requests_total", **labels) == 3
    assert fresh.metric("aisix_llm_requests_total", **labels) == 3
    assert fresh.metric("aisix_proxy_failed_requests_total") is None
    assert fresh.metric("aisix_llm_input_tokens_total", model="chat") == 27
    assert fresh.metric("aisix_llm_output_tokens_total", model="chat") == 27
    assert fresh.metric("aisix_llm_total_tokens_total", model="chat") == 54
    assert fresh.metric("aisix_tokens_consumed_total", provider="openai", model="chat") == 54
    assert fresh.metric("aisix_llm_tokens_by_client_total", client_type="httpx", token_type="input", model="chat") == 27
    assert fresh.metric("aisix_request_e2e_latency_seconds_count", model="chat", status_class="2xx") == 3
    assert fresh.metric("aisix_request_e2e_latency_seconds_bucket", le="+Inf", model="chat") == 3
    assert fresh.metric("aisix_request_duration_seconds_count", model="chat") == 3
    assert fresh.metric("aisix_proxy_in_flight_requests", endpoint="/v1/chat/completions") == 0
    assert fresh.metric("aisix_auth_decisions_total", method="api_key", result="allowed", reason="none") == 3
    assert fresh.metric("aisix_deployment_requests_total", model="chat") == 3
    assert fresh.metric("aisix_deployment_success_responses_total", model="chat") == 3


def test_failures(fresh):
    post(fresh, "once/m?status=500")
    post(fresh, "mock/m?status=429")
    post(fresh, "nowhere")
    httpx.post(fresh.base + "/chat/completions", content=chat_body(), headers={**JSON, "authorization": "Bearer sk-no"})
    httpx.post(fresh.base + "/chat/completions", content=chat_body(), headers={"content-type": "application/json"})
    wait_until(lambda: fresh.metric("aisix_auth_decisions_total", reason="missing_credentials") == 1, "all are counted")
    # Wildcard rows keep the labels bounded.
    assert fresh.metric("aisix_requests_total", model="once/*", status="502", outcome="upstream_error") == 1
    assert fresh.metric("aisix_requests_total", model="mock/*", status="429", outcome="rate_limited") == 1
    assert fresh.metric("aisix_requests_total", model="unresolved", status="404", outcome="client_error") == 1
    assert fresh.metric("aisix_proxy_failed_requests_total", model="once/*") == 1
    assert fresh.metric("aisix_auth_decisions_total", method="api_key", result="denied", reason="unknown_key") == 1
    assert fresh.metric("aisix_auth_decisions_total", method="none", result="denied", reason="missing_credentials") == 1
    assert fresh.metric("aisix_deployment_failure_responses_total", model="once/*") == 1
    assert "nowhere" not in fresh.metrics()


def test_stream_families(fresh):
    assert post(fresh, "mock/m?ttft_ms=30", stream=True).text.endswith("data: [DONE]\n\n")
    wait_until(lambda: fresh.metric("aisix_request_ttft_seconds_count", model="mock/*", streaming="true") == 1,
               "the stream's end is counted")
    assert fresh.metric("aisix_request_ttft_seconds_sum", model="mock/*") > 0
    assert fresh.metric("aisix_llm_time_to_first_token_seconds_count") == 1
    assert fresh.metric("aisix_request_e2e_latency_seconds_count", streaming="true") == 1
    assert fresh.metric("aisix_llm_output_tokens_total", model="mock/*") == 9
    assert fresh.metric("aisix_proxy_requests_total", stream="true", status="200") == 1


def test_in_flight(fresh, mock):
    import threading
    thread = threading.Thread(target=post, args=(fresh, "impatient/m?hang=1"))
    thread.start()
    wait_until(lambda: fresh.metric("aisix_proxy_in_flight_requests", endpoint="/v1/chat/completions") == 1, "it shows")
    thread.join()
    wait_until(lambda: fresh.metric("aisix_proxy_in_flight_requests", endpoint="/v1/chat/completions") == 0, "it ended")


def test_config_families(fresh):
    assert fresh.metric("aisix_config_last_reload_successful") == 1
    assert fresh.metric("aisix_config_last_reload_success_timestamp_seconds") > 1.7e9
    assert fresh.metric("aisix_config_reloads_total") == 1
    status = fresh.status()
    assert fresh.metric("aisix_config_hash_info", hash=status["applied"]["config_hash"]) == 1
    assert fresh.metric("aisix_config_source_connected") is None  # etcd only


def test_process_families(fresh):
    for zone in ZONES:
        wait_until(lambda: fresh.metric("aisix_zone_up", zone=zone) == 1, f"{zone} is up")
        assert fresh.metric("aisix_zone_restarts_total", zone=zone) == 0
        assert fresh.metric("process_resident_memory_bytes", zone=zone) > 1_000_000
        assert fresh.metric("process_open_fds", zone=zone) > 3
        assert fresh.metric("process_cpu_seconds_total", zone=zone) >= 0
    wait_until(lambda: fresh.metric("process_open_fds", zone="supervisor"), "the supervisor has told its figures")
    assert fresh.metric("process_resident_memory_bytes", zone="supervisor") > 1_000_000
    assert fresh.metric("process_start_time_seconds", zone="supervisor") > 1.7e9
    assert fresh.metric("aisix_zone_up", zone="supervisor") is None  # nobody would be there to say 0
    assert fresh.metric("aisix_build_info") == 1


def test_status_config(fresh):
    status = fresh.status()
    assert list(status) == ["state", "source", "applied", "last_reload", "last_failure", "rejected", "partially_compatible"]
    assert status["state"] == "synced"
    assert status["source"]["type"] == "file"
    assert "connected" not in status["source"]
    assert status["applied"]["apply_seq"] == 1
    assert status["applied"]["resource_counts"] == {"provider_keys": 1, "models": 5, "api_keys": 6}
    assert status["last_reload"]["successful"] is True
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", status["last_reload"]["at"])
    assert (status["last_failure"], status["rejected"], status["partially_compatible"]) == (None, [], [])


def test_status_models(fresh):
    rows = httpx.get(fresh.metrics_url + "/status/models").json()
    assert {(row["display_name"], row["kind"], row["status"]) for row in rows} == {
        (name, "direct", "healthy") for name in ("chat", "other", "mock/*", "once/*", "impatient/*")}
    assert all(len(row["id"]) == 36 for row in rows)


@pytest.mark.parametrize("path, status, text", [
    ("/status/ready", 200, "ok"), ("/nowhere", 404, ""), ("/livez", 404, ""), ("/", 404, "")])
def test_other_paths(gateway, path, status, text):
    reply = httpx.get(gateway.metrics_url + path)
    assert (reply.status_code, reply.text) == (status, text)
    assert "server" not in reply.headers


def test_metrics_path_and_buckets(start_gateway, mock):
    gateway = start_gateway(resources(mock.base), {"observability": {"metrics": {
        "prometheus": {"path": "prom"}, "buckets": {"request_e2e_latency": [0.5, 2.5]}}}})
    post(gateway)
    wait_until(lambda: 'le="2.5"' in gateway.metrics_get("/prom")[1], "the family is there")
    edges = re.findall(r'aisix_request_e2e_latency_seconds_bucket\{.*le="([^"]+)"', gateway.metrics_get("/prom")[1])
    assert edges == ["0.5", "2.5", "+Inf"]
    assert gateway.metrics_get("/metrics")[0] == 404


def test_access_log(fresh):
    reply = post(fresh)
    identifier = reply.headers["x-aisix-request-id"]
    line = fresh.wait_for_log(rf"[^\n]*proxy request completed[^\n]*{identifier}[^\n]*").group(0)
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z  INFO request\{request_id=" + identifier +
                    r"\}: aisix_obs::access_log: proxy request completed method=\"POST\" "
                    r"path=\"/v1/chat/completions\" status=200 latency_ms=\d+ provider=\"openai\" model=\"chat\" "
                    r"api_key_id=\"[0-9a-f-]{36}\" prompt_tokens=9 completion_tokens=9 total_tokens=18 "
                    rf"request_id=\"{identifier}\" provider_request_id=\"chatcmpl-mock-\d+\"", line), line
    failed = post(fresh, "once/m?status=500").headers["x-aisix-request-id"]
    line = fresh.wait_for_log(rf"[^\n]*proxy request completed[^\n]*{failed}[^\n]*").group(0)
    assert 'status=502' in line and 'error_kind="upstream_error"' in line and 'error="' in line
    assert KEY not in fresh.log()


def test_log_level(start_gateway, mock):
    quiet = start_gateway(resources(mock.base), environment={"RUST_LOG": "info,aisix_obs::access_log=warn"})
    post(quiet)
    wait_until(lambda: quiet.metric("aisix_requests_total") == 1, "the request is settled")
    assert "proxy request completed" not in quiet.log()
