"""What the caller says reaches the provider, and the other way round: byte for byte but for what must change."""

import json
import zlib

import pytest
from resources import PROVIDER_KEY, model, provider_key, resources
from wire import Connection, chat_request

JSON = {"content-type": "application/json"}


def post(http, body, **headers):
    return http.post("/v1/chat/completions", content=body, headers={**JSON, **headers})


def sent_upstream(http, mock, body, **headers):
    reply = post(http, body, **headers)
    assert reply.status_code == 200, reply.text
    return mock.only_request(reply.headers["x-aisix-request-id"])


@pytest.mark.parametrize("body", [
    '{"model":"chat","messages":[{"role":"user","content":"x"}],"stream":false}',
    '{ "messages" : [ {"role":"user","content":"x"} ] ,\n\t"temperature": 0.70000000000000001, "top_p":1e0, "seed":'
    '12345678901234567890,  "stream" : false, "model" : "chat" }',
    '{"stream":false,"model":"chat","messages":[{"role":"user","content":"\\u00e4\\ud83d\\ude00/\\/"}],"zzz":[1.0,-0,'
    '{"deep":{"er":null}}],"metadata":{"a":"b"},"tools":[],"response_format":{"type":"json_object"}}',
    '{"messages":[{"role":"developer","content":"x","weird":1},{"role":"assistant","content":null,"refusal":null,'
    '"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool",'
    '"tool_call_id":"1","content":"y"}],"stream":false,"model":"chat","n":1,"logit_bias":{"50256":-100}}',
])
def test_request_passes(http, mock, body):
    received = sent_upstream(http, mock, body)["body"]
    assert received == body.replace('"chat"', '"upstream-chat"')


def test_nothing_is_added(http, mock):
    """What the caller left out stays out: a provider's defaults are the provider's."""
    body = '{"model":"chat","messages":[{"role":"user","content":"x"}]}'
    assert sent_upstream(http, mock, body)["body"] == body.replace('"chat"', '"upstream-chat"')


def test_reply_passes(http):
    answer = ('{"id":"x","object":"chat.completion","created":12,"model":"upstream","choices":[{"index":0,"message":'
              '{"role":"assistant","content":"\\u00e4 \\/","refusal":null,"annotations":[{"type":"url_citation"}],'
              '"audio":null},"logprobs":null,"finish_reason":"stop","extra":[1.50,2e3]}], "usage" : {"prompt_tokens":1,'
              '"completion_tokens":2,"total_tokens":3,"odd":{}},"service_tier":"flex", "unknown":18446744073709551616}')
    reply = post(http, json.dumps({"model": "chat", "messages": [{"role": "user", "content": "x"}],
                                   "mock": {"body": answer}}))
    assert reply.status_code == 200
    assert reply.text == answer.replace('"upstream"', '"chat"')


@pytest.mark.parametrize("framing", ["chunked", "until_close", "close", "write_bytes"])
def test_reply_framings(http, framing):
    value = 5 if framing == "write_bytes" else 1
    reply = post(http, json.dumps({"model": "chat", "messages": [{"role": "user", "content": "x"}],
                                   "mock": {framing: value, "content": "Grüße 👋"}}))
    assert reply.json()["choices"][0]["message"]["content"] == "Grüße 👋"


@pytest.mark.parametrize("body", [
    '{"model":"chat","model":"other","messages":[{"role":"user","content":"x"}]}',
    '{"model":"chat","mod\\u0065l":"other","messages":[{"role":"user","content":"x"}]}',
    '{"m\\u006fdel":"other","model":"chat","messages":[{"role":"user","content":"x"}]}',
    '{"model":"chat","stream":false,"stream":true,"messages":[{"role":"user","content":"x"}]}',
    '{"model":"chat","messages":[{"role":"user","content":"x"}],"messages":[]}',
    '{"model":"chat","stream":true,"stream_options":{},"stream_\\u006fptions":{},"messages":[{"role":"user","content":"x"}]}',
    '{"model":"chat","messages":[{"role":"user","content":"x"}]} trailing',
    '{"model":"chat","messages":[{"role":"user","content":"x"}]}{}',
    '{"model":"chat","messages":[{"role":"user","content":"x"}]',
    '{"model":"chat","messages":[{"role":"user","content":"x"}],}',
    '{"model":"chat","messages":[{"role":"user","content":"x"}],"a":01}',
    '{"model":"chat","messages":[{"role":"user","content":"x"}],"a":tru}',
    '{"model":"chat","messages":[{"role":"user","content":"\x01"}]}',
    b'{"model":"chat","messages":[{"role":"user","content":"\xff\xfe"}]}',
    '{"model":"chat","messages":' + "[" * 200 + "]" * 200 + "}",
    '{"messages":[{"role":"user","content":"x"}]}',
    '{"model":7,"messages":[{"role":"user","content":"x"}]}',
    '{"model":"chat"}',
    '{"model":"chat","messages":{}}',
    '{"model":"chat","messages":"x"}',
    '{"model":"chat","messages":[{"role":"user","content":"x"}],"stream":"yes"}',
    '{"model":"chat","messages":[{"role":"user","content":"x"}],"temperature":"hot"}',
    '{"model":"chat","messages":[{"role":"user","content":"x"}],"max_tokens":-1}',
    "[]", "null", "", "x",
])
def test_unclear_bodies_are_refused(http, mock, body):
    """The gateway and the provider must never read two different requests."""
    before = mock.stats()["requests"]
    reply = post(http, body)
    assert reply.status_code == 400, reply.text
    assert reply.json() == {"error": {"message": "request payload is invalid: invalid JSON request body",
                                      "type": "invalid_request_error"}}
    assert mock.stats()["requests"] == before


def test_escaped_key_alone(http):
    """An escaped key is the same key: read as one, and the caller's string is what the reply names."""
    reply = post(http, '{"mod\\u0065l":"chat","messages":[{"role":"user","content":"x"}]}')
    if reply.status_code == 200:
        assert reply.json()["model"] == "chat"
    else:
        assert reply.status_code == 400


def test_ten_megabyte_prompt(http, mock):
    text = "lorem ipsum dolor sit amet, " * (10 * 1024 * 1024 // 28)
    body = json.dumps({"messages": [{"role": "user", "content": text}], "stream": False, "model": "chat"})
    assert len(body) > 10_000_000
    received = sent_upstream(http, mock, body)
    expected = body.replace('"chat"', '"upstream-chat"').encode()
    assert received["body_bytes"] == len(expected)
    assert received["body_crc32"] == zlib.crc32(expected)


def test_ten_megabyte_prompt_chunked(gateway, mock):
    """The same without a declared length, in pieces that fall anywhere."""
    text = "x" * 10_000_000
    body = json.dumps({"messages": [{"role": "user", "content": text}], "stream": False, "model": "chat"}).encode()
    with Connection(gateway.proxy_address) as connection:
        head = chat_request(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        connection.send(head)
        for start in range(0, len(body), 333_333):
            piece = body[start:start + 333_333]
            connection.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        connection.send(b"0\r\n\r\n")
        status, headers, _ = connection.read_response()
    assert status == 200
    expected = body.replace(b'"chat"', b'"upstream-chat"')
    assert mock.only_request(headers["x-aisix-request-id"])["body_crc32"] == zlib.crc32(expected)


def test_large_reply(http):
    reply = post(http, json.dumps({"model": "mock/m?reply_bytes=10000000",
                                   "messages": [{"role": "user", "content": "x"}]}))
    assert len(reply.json()["choices"][0]["message"]["content"]) == 10_000_000


def test_upstream_headers(http, mock):
    """Of a caller's headers nothing reaches the provider without the operator's word."""
    received = sent_upstream(
        http, mock, '{"model":"chat","messages":[{"role":"user","content":"x"}]}',
        **{"x-custom": "1", "cookie": "a=b", "anthropic-beta": "x", "traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-01",
           "x-stainless-lang": "python", "openai-organization": "org"})
    headers = {name.lower(): value for name, value in received["headers"]}
    assert headers["authorization"] == f"Bearer {PROVIDER_KEY}"
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"] == "aisix/0.1"
    assert set(headers) <= {"host", "authorization", "content-type", "content-length", "user-agent", "accept",
                            "accept-encoding", "x-aisix-request-id", "connection"}
    assert "sk-caller-1" not in json.dumps(received)


def test_request_id_is_the_callers(http, mock):
    reply = post(http, '{"model":"chat","messages":[{"role":"user","content":"x"}]}', **{"x-aisix-request-id": "my-id-1"})
    assert reply.headers["x-aisix-request-id"] == "my-id-1"
    assert mock.only_request("my-id-1")
    for bad in ("with blank", "x" * 257):
        reply = http.get("/v1/models", headers={"x-aisix-request-id": bad})
        assert reply.headers["x-aisix-request-id"] != bad
        assert len(reply.headers["x-aisix-request-id"]) == 36


def test_overrides(start_gateway, mock):
    import httpx
    gateway = start_gateway(resources(mock.base, models=[model("tuned", "up", key="tuned")], provider_keys=[
        provider_key("tuned", mock.base, request={
            "param_renames": {"max_tokens": "max_completion_tokens"},
            "param_constraints": {"temperature_max": 1.0},
            "default_body_fields": {"user": "default-user", "seed": 7},
            "default_headers": {"x-team": "$${request.api_key.team_id}", "x-model": "$${model.name}", "x-static": "yes",
                                "authorization": "never"},
            "forward_client_headers": ["x-fwd-*"]},
            response={"content_list_to_string": True})]))
    with httpx.Client(base_url=gateway.url, headers={"authorization": "Bearer sk-caller-1"}) as http:
        received = sent_upstream(
            http, mock, json.dumps({
                "model": "tuned", "temperature": 1.7, "max_tokens": 5, "seed": 9,
                "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]}),
            **{"x-fwd-one": "1", "x-other": "2"})
    body = json.loads(received["body"])
    assert body["max_completion_tokens"] == 5 and "max_tokens" not in body
    assert body["temperature"] == 1.0
    assert body["user"] == "default-user" and body["seed"] == 9
    assert body["messages"][0]["content"] == "ab"
    headers = {name.lower(): value for name, value in received["headers"]}
    assert headers["x-model"] == "tuned" and headers["x-static"] == "yes"
    assert headers["x-fwd-one"] == "1" and "x-other" not in headers
    assert "x-team" not in headers  # the key has no team
    assert headers["authorization"] == f"Bearer {PROVIDER_KEY}"


@pytest.mark.parametrize("suffix", ["", "/", "/chat/completions", "/chat/completions/"])
def test_api_base_forms(start_gateway, mock, suffix):
    import httpx
    gateway = start_gateway(resources(mock.base + suffix))
    reply = httpx.post(gateway.base + "/chat/completions", headers={"authorization": "Bearer sk-caller-1"},
                       json={"model": "chat", "messages": [{"role": "user", "content": "x"}]})
    assert reply.status_code == 200
    assert mock.only_request(reply.headers["x-aisix-request-id"])["target"] == "/v1/chat/completions"
