"""The error contract: status, body to the byte, headers."""

import json

import httpx
import pytest
from resources import DISABLED_KEY, EXPIRED_KEY, KEY, LIMITED_KEY, model, provider_key, resources
from wire import Connection, chat_body

JSON = {"content-type": "application/json"}
BEARER = {"authorization": f"Bearer {KEY}"}
CHAT = chat_body()
INVALID = '{"error":{"message":"request payload is invalid: invalid JSON request body","type":"invalid_request_error"}}'
MISSING_AUTH = '{"error":{"message":"missing or malformed Authorization header","type":"invalid_api_key"}}'
UNKNOWN_KEY = '{"error":{"message":"invalid API key","type":"invalid_api_key"}}'


@pytest.fixture
def bare(gateway):
    with httpx.Client(base_url=gateway.url, timeout=30) as session:
        # The client's own defaults would add headers.
        yield session


@pytest.mark.parametrize("headers, body, status, text", [
    ({}, CHAT, 401, MISSING_AUTH),
    ({"authorization": ""}, CHAT, 401, MISSING_AUTH),
    ({"authorization": f"bearer {KEY}"}, CHAT, 401, MISSING_AUTH),
    ({"authorization": f"Basic {KEY}"}, CHAT, 401, MISSING_AUTH),
    ({"authorization": "Basic x", "x-api-key": KEY}, CHAT, 401, MISSING_AUTH),
    ({"authorization": "Bearer sk-wrong"}, CHAT, 401, UNKNOWN_KEY),
    ({"authorization": "Bearer sk-wrong", "x-api-key": KEY}, CHAT, 401, UNKNOWN_KEY),
    ({"x-api-key": "sk-wrong"}, CHAT, 401, UNKNOWN_KEY),
    ({"authorization": f"Bearer {DISABLED_KEY}"}, CHAT, 401,
     '{"error":{"message":"API key has been disabled","type":"invalid_api_key","code":"api_key_disabled"}}'),
    ({"authorization": f"Bearer {EXPIRED_KEY}"}, CHAT, 401,
     '{"error":{"message":"API key has expired","type":"invalid_api_key","code":"api_key_expired"}}'),
    # The credential comes before the body.
    ({"authorization": "Bearer sk-wrong"}, "not json", 401, UNKNOWN_KEY),
    (BEARER, "not json", 400, INVALID),
    (BEARER, '{"model":"chat","messages":[]}', 400,
     '{"error":{"message":"request payload is invalid: messages array must not be empty","type":"invalid_request_error"}}'),
    (BEARER, chat_body("nowhere"), 404, '{"error":{"message":"model \\"nowhere\\" not found","type":"model_not_found"}}'),
    (BEARER, chat_body('a "quoted" \\ name'), 404,
     json.dumps({"error": {"message": 'model "a \\"quoted\\" \\\\ name" not found', "type": "model_not_found"}},
                separators=(",", ":"))),
    # Unknown comes before not allowed.
    ({"authorization": f"Bearer {LIMITED_KEY}"}, chat_body("nowhere"), 404,
     '{"error":{"message":"model \\"nowhere\\" not found","type":"model_not_found"}}'),
    ({"authorization": f"Bearer {LIMITED_KEY}"}, chat_body("other"), 403,
     '{"error":{"message":"API key is not allowed to use model \\"other\\"","type":"permission_denied"}}'),
    (BEARER, chat_body("mock/m?status=400"), 400,
     '{"error":{"message":"mock error 400","type":"upstream_error","param":"mock_param","code":"mock_code"}}'),
    (BEARER, chat_body("mock/m?status=401"), 401,
     '{"error":{"message":"mock error 401","type":"upstream_error","param":"mock_param","code":"mock_code"}}'),
    (BEARER, chat_body("mock/m", mock={"status": 422, "error_body": "plain words"}), 422,
     '{"error":{"message":"plain words","type":"upstream_error"}}'),
    (BEARER, chat_body("mock/m", mock={"status": 404, "error_body": '{"error":{"message":"gone","type":null}}'}), 404,
     '{"error":{"message":"gone","type":"upstream_error"}}'),
    (BEARER, chat_body("once/m?status=503"), 502, '{"error":{"message":"upstream returned 503","type":"upstream_error"}}'),
    (BEARER, chat_body("impatient/m?hang=1"), 504,
     '{"error":{"message":"upstream request timed out after 300ms","type":"timeout"}}'),
])
def test_envelopes(bare, headers, body, status, text):
    reply = bare.post("/v1/chat/completions", content=body, headers={**JSON, **headers})
    assert (reply.status_code, reply.text) == (status, text)
    assert reply.headers["content-type"].startswith("application/json")
    assert len(reply.headers["x-aisix-request-id"]) == 36
    assert reply.headers["server"].startswith("AISIX/")
    assert "x-aisix-call-id" not in reply.headers


def test_redirects_are_not_followed(bare, mock):
    """They could lead the provider's credential anywhere."""
    before = mock.stats()["requests"]
    reply = bare.post("/v1/chat/completions", headers={**JSON, **BEARER}, content=chat_body(
        "once/m", mock={"status": 302, "header": f"Location: {mock.base}/chat/completions"}))
    assert reply.status_code == 502
    assert reply.json()["error"]["type"] == "upstream_error"
    assert mock.stats()["requests"] == before + 1


@pytest.mark.parametrize("behaviour, kind, start", [
    ("drop_connection=1", "transport_error", "transport error: "),
    ("drop_connection=2", "transport_error", "transport error: "),
    ("truncate_after=40", "transport_error", "transport error: "),
    ("malformed=1", "upstream_decode_error", "upstream returned an unparseable body: "),
])
def test_broken_replies(bare, behaviour, kind, start):
    reply = bare.post("/v1/chat/completions", content=chat_body(f"once/m?{behaviour}"), headers={**JSON, **BEARER})
    assert reply.status_code == 502
    assert reply.json()["error"]["type"] == kind
    assert reply.json()["error"]["message"].startswith(start)


@pytest.mark.parametrize("answer", [
    '{"object":"chat.completion","model":"x","choices":[]}',
    '{"id":"1","choices":[]}',
    '{"id":"1","model":"x"}',
    '{"id":"1","model":"x","choices":[{"index":0,"message":{"content":"no role"}}]}',
    '[]', '"text"', '{"id":"1","model":"x","choices":[]} trailing',
])
def test_replies_that_are_no_completion(bare, answer):
    reply = bare.post("/v1/chat/completions", content=chat_body("once/m", mock={"body": answer}),
                      headers={**JSON, **BEARER})
    assert reply.status_code == 502
    assert reply.json()["error"]["type"] == "upstream_decode_error"


@pytest.mark.parametrize("times", ["drop_connection=1", "drop_connection=2", "status=500", "malformed=1", "truncate_after=30"])
def test_retries_hide_passing_faults(bare, mock, times):
    name = times.replace("=", "-")
    reply = bare.post("/v1/chat/completions", content=chat_body(f"mock/m?{times}&fail_times=1&key=hide-{name}"),
                      headers={**JSON, **BEARER})
    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize("content_type, accepted", [
    ("application/json", True), ("application/json; charset=utf-8", True), ("Application/JSON", True),
    ("application/vnd.api+json", True), ("text/plain", False), ("application/x-www-form-urlencoded", False),
    ("application/jsonx", False), (None, False),
])
def test_content_type(gateway, content_type, accepted):
    lines = ["POST /v1/chat/completions HTTP/1.1", "Host: a", f"Authorization: Bearer {KEY}", f"Content-Length: {len(CHAT)}"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    with Connection(gateway.proxy_address) as connection:
        connection.send("\r\n".join(lines) + "\r\n\r\n" + CHAT)
        status, _, body = connection.read_response()
    assert status == (200 if accepted else 400)
    if not accepted:
        assert body.decode() == INVALID


@pytest.mark.parametrize("method, path, status, allow", [
    ("GET", "/nowhere", 404, None),
    ("POST", "/", 404, None),
    ("POST", "/v1/chat/completions/", 404, None),
    ("POST", "/v1/Chat/completions", 404, None),
    ("GET", "/metrics", 404, None),
    ("GET", "/health", 404, None),
    ("GET", "/v1/models/chat", 404, None),
    ("GET", "/v1/chat/completions", 405, "POST"),
    ("PUT", "/v1/chat/completions", 405, "POST"),
    ("OPTIONS", "/v1/chat/completions", 405, "POST"),
    ("POST", "/v1/models", 405, "GET,HEAD"),
    ("DELETE", "/livez", 405, "GET,HEAD"),
])
def test_unknown_paths_and_methods(bare, method, path, status, allow):
    reply = bare.request(method, path, headers=BEARER)
    assert reply.status_code == status
    assert reply.content == b""
    assert reply.headers.get("allow") == allow
    assert reply.headers["x-aisix-request-id"]
    assert reply.headers["server"].startswith("AISIX/")


def test_removed_tunnel(bare):
    reply = bare.post("/passthrough/openai/v1/x")
    assert reply.status_code == 410
    assert reply.json()["error"]["code"] == "endpoint_removed"


@pytest.mark.parametrize("line, status", [
    (f"Authorization: Bearer {KEY}", 200),
    (f"AUTHORIZATION:Bearer   {KEY}  ", 200),
    (f"x-api-key: {KEY}", 200),
    (f"X-Api-Key:   {KEY}  ", 200),
    ("Authorization: Bearer ", 401),
    ("Authorization: Bearer    ", 401),
    ("Authorization: Bearer", 401),
    (f"Authorization:  \r\nx-api-key: {KEY}", 401),
    (f"Authorization: Bearer\xc2\xa0{KEY}", 401),
    ("x-api-key:   ", 401),
])
def test_header_forms(gateway, line, status):
    """The values that client libraries would not send."""
    with Connection(gateway.proxy_address) as connection:
        connection.send(f"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n{line}\r\nContent-Type: application/json\r\n"
                        f"Content-Length: {len(CHAT)}\r\n\r\n{CHAT}".encode("latin-1"))
        received, _, body = connection.read_response()
    assert received == status
    if status == 401:
        assert body.decode() == MISSING_AUTH


def test_models_list(bare):
    reply = bare.get("/v1/models", headers=BEARER)
    assert [(entry["id"], entry["object"], entry["owned_by"]) for entry in reply.json()["data"]] == [
        ("chat", "model", "openai"), ("other", "model", "openai")]
    assert bare.get("/v1/models").text == MISSING_AUTH
    head = bare.head("/v1/models", headers=BEARER)
    assert head.status_code == 200 and head.content == b""


def test_unreachable_provider(start_gateway, mock):
    gateway = start_gateway(resources(mock.base, models=[model("dead", "m", key="dead", retries=0),
                                                         model("nameless", "m", key="nameless", retries=0)],
                                      provider_keys=[provider_key("dead", "http://127.0.0.1:9/v1"),
                                                     provider_key("nameless", "http://does-not-exist.invalid/v1")]))
    for name in ("dead", "nameless"):
        reply = httpx.post(gateway.base + "/chat/completions", headers=BEARER, timeout=30,
                           json={"model": name, "messages": [{"role": "user", "content": "x"}]})
        assert reply.status_code == 502
        assert reply.json()["error"]["type"] == "transport_error"
        assert reply.json()["error"]["message"].startswith("transport error: ")


def test_misconfigured_provider(start_gateway, mock):
    gateway = start_gateway(resources(mock.base, models=[
        model("vendor", "m", key="vendor"), model("adapterless", "m", key="adapterless"),
        model("restricted", "m", allowed_cidrs=["192.0.2.0/24"]), model("local", "m", allowed_cidrs=["127.0.0.0/8"])],
        provider_keys=[{"display_name": "vendor", "provider": "deepseek", "adapter": "openai", "api_key": "k"},
                       {"display_name": "adapterless", "provider": "deepseek", "api_key": "k", "api_base": mock.base}]))

    def ask(name):
        return httpx.post(gateway.base + "/chat/completions", headers=BEARER, timeout=30,
                          json={"model": name, "messages": [{"role": "user", "content": "x"}]})

    reply = ask("vendor")
    assert (reply.status_code, reply.json()["error"]) == (400, {
        "message": 'invalid upstream configuration: provider_key for vendor "deepseek" has no upstream base URL configured',
        "type": "invalid_request_error"})
    reply = ask("adapterless")
    assert (reply.status_code, reply.json()["error"]) == (503, {
        "message": "no bridge registered for provider", "type": "provider_unavailable"})
    reply = ask("restricted")
    assert (reply.status_code, reply.json()["error"]) == (403, {
        "message": "Access denied: your client IP is not allowed to access this model", "type": "permission_denied",
        "code": "ip_restricted"})
    assert ask("local").status_code == 200


def test_caller_behind_a_trusted_proxy(start_gateway, mock):
    gateway = start_gateway(
        resources(mock.base, models=[model("restricted", "m", allowed_cidrs=["192.0.2.0/24"])]),
        {"proxy": {"real_ip": {"trusted_proxies": ["127.0.0.1"]}}})

    def ask(**headers):
        return httpx.post(gateway.base + "/chat/completions", headers={**BEARER, **headers}, timeout=30,
                          json={"model": "restricted", "messages": [{"role": "user", "content": "x"}]}).status_code

    assert ask() == 403
    assert ask(**{"x-forwarded-for": "192.0.2.7"}) == 200
    assert ask(**{"x-forwarded-for": "192.0.2.7, 198.51.100.1"}) == 403
    assert ask(**{"x-forwarded-for": "198.51.100.1, 192.0.2.7:4711"}) == 200
