"""Streams on the wire: framing, failures after the head, back-pressure, callers that vanish."""

import asyncio
import json
import os
import pathlib
import re

import pytest
from processes import wait_until
from resources import KEY, resources
from wire import Connection, chat_body, chat_request, events_of


def stream_text(http, model, **more):
    reply = http.post("/v1/chat/completions", content=chat_body(model, stream=True, **more),
                      headers={"content-type": "application/json"})
    assert reply.status_code == 200, reply.text
    return reply.text


def test_head(http):
    with http.stream("POST", "/v1/chat/completions", content=chat_body(stream=True),
                     headers={"content-type": "application/json"}) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"] == "text/event-stream"
        assert reply.headers["cache-control"] == "no-cache"
        assert reply.headers["x-aisix-call-id"] == reply.headers["x-aisix-request-id"]
        assert "content-length" not in reply.headers
        reply.read()


def direct(mock, body):
    """What the provider itself answers."""
    import httpx
    reply = httpx.post(mock.url + "/v1/chat/completions", content=body, headers={"content-type": "application/json"})
    return re.sub(r"chatcmpl-mock-\d+", "chatcmpl-mock-N", reply.text)


@pytest.mark.parametrize("behaviour", [
    {}, {"chunks": 50}, {"comments": 1}, {"crlf": 1}, {"write_bytes": 7}, {"until_close": 1}, {"content": "Grüße, 世界 👋 "},
    {"content": "Grüße, 世界 👋 und mehr", "write_bytes": 3},
], ids=lambda value: ",".join(value) or "plain")
def test_events_pass_as_they_came(http, mock, behaviour):
    """Only `model` differs from what the provider sends to one who asks for usage."""
    options = {"stream_options": {"include_usage": True}, "mock": behaviour, "n": 2, "logprobs": True}
    expected = direct(mock, chat_body("mock/m", stream=True, **options)).replace("\r\n", "\n")
    # The end is the gateway's own: it says [DONE] whether or not, and however, the provider did.
    expected = re.sub(r"(: mock comment\nevent: chunk\nid: \d+\n)data: \[DONE\]", "data: [DONE]", expected)
    received = stream_text(http, "mock/m", **options).replace("\r\n", "\n")
    assert re.sub(r"chatcmpl-mock-\d+", "chatcmpl-mock-N", received) == expected


def test_done_is_added(http):
    events = events_of(stream_text(http, "mock/m?no_done=1"))
    assert events[-1] == "[DONE]"
    assert events.count("[DONE]") == 1


def test_what_follows_done_is_ignored(http):
    text = stream_text(http, "mock/m?after_done=1")
    assert events_of(text)[-1] == "[DONE]"
    assert "behind the end" not in text


@pytest.mark.parametrize("options, shown", [({"include_usage": True}, True), ({"include_usage": False}, False)])
def test_stream_options(http, mock, options, shown):
    mock.reset()
    events = events_of(stream_text(http, "chat", stream_options=options))
    assert json.loads(mock.requests()[0]["body"])["stream_options"] == options
    assert any(json.loads(event).get("choices") == [] for event in events[:-1]) == shown


def test_usage_is_asked_for(http, mock):
    mock.reset()
    events = events_of(stream_text(http, "chat"))
    assert json.loads(mock.requests()[0]["body"])["stream_options"] == {"include_usage": True}
    assert all(json.loads(event)["choices"] for event in events[:-1])


def test_missing_usage_is_not_invented(http):
    text = stream_text(http, "mock/m?usage=none", stream_options={"include_usage": True})
    assert '"usage"' not in text


@pytest.mark.parametrize("behaviour, kind, message", [
    ("die_after=2", "transport_error", None),
    ("reset_after=2", "transport_error", None),
    ("truncate_after=700", "transport_error", None),
    ("malformed=1&malformed_after=2", "upstream_decode_error", None),
    ("error_after=2", "upstream_in_band_error", "upstream reported an in-band stream error: mock stream error"),
    ("hang_after=2", "timeout", "upstream request timed out after 300ms"),
])
def test_failure_after_the_head(http, behaviour, kind, message):
    """One error event, then the end without [DONE]."""
    # The first chunk is on its way before the failure: `impatient` models wait for it.
    text = stream_text(http, f"impatient/m?chunks=5&gap_ms=20&{behaviour}")
    events = events_of(text)
    assert len(events) >= 3
    assert json.loads(events[0])["model"].startswith("impatient/m")
    assert re.search(r"event: error\ndata: [^\n]*\n\n$", text)
    error = json.loads(events[-1])["error"]
    assert error["type"] == kind
    if message:
        assert error["message"] == message
    assert "[DONE]" not in text


@pytest.mark.parametrize("behaviour, status, kind", [
    ("die_after=0", 502, None),
    ("hang_after=0", 504, "timeout"),
    ("error_after=0", 502, "upstream_error"),
    ("malformed=1&malformed_after=0", 502, "upstream_decode_error"),
])
def test_failure_before_the_first_chunk(http, behaviour, status, kind):
    """A model with a stream budget of its own answers with a status, not with a broken stream."""
    reply = http.post("/v1/chat/completions", content=chat_body(f"impatient/m?{behaviour}", stream=True),
                      headers={"content-type": "application/json"})
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/json"
    if kind:
        assert reply.json()["error"]["type"] == kind


def test_error_object_with_a_status(http):
    event = json.dumps({"error": {"message": "slow down", "type": "requests", "code": 429}})
    reply = http.post("/v1/chat/completions", headers={"content-type": "application/json"},
                      content=chat_body("impatient/m", stream=True, mock={"error_after": 0, "error_event": event}))
    assert reply.status_code == 429
    assert reply.json()["error"]["type"] == "upstream_error"


def test_heartbeat(start_gateway, mock):
    gateway = start_gateway(resources(mock.base), {"downstream": {"sse_keepalive_interval_secs": 1}})
    with Connection(gateway.proxy_address) as connection:
        connection.send(chat_request(chat_body("mock/m?chunks=2&ttft_ms=1500&gap_ms=1300", stream=True)))
        assert connection.read_head()[0] == 200
        text = b"".join(connection.read_chunks()).decode()
    assert text.startswith(":\n\ndata: ")
    assert text.count(":\n\n") >= 2
    assert events_of(text)[-1] == "[DONE]"


def test_long_stream(http):
    count = 0
    with http.stream("POST", "/v1/chat/completions", content=chat_body("mock/m?chunks=100000", stream=True),
                     headers={"content-type": "application/json"}) as reply:
        for line in reply.iter_lines():
            count += line.startswith("data: {")
            last = line or last if count else ""
    assert count == 100002
    assert last == "data: [DONE]"


def resident_kilobytes(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1))


def test_slow_reader(gateway, mock):
    """The provider is read no faster than the caller reads: the 200 MB stay with the provider."""
    before = mock.stats()["bytes_sent"]
    with Connection(gateway.proxy_address) as connection:
        connection.socket.settimeout(60)
        connection.send(chat_request(chat_body("mock/m?chunks=200000&reply_bytes=180000000", stream=True)))
        assert connection.read_head()[0] == 200
        at_rest = [0.0]

        def stands_still():
            sent = mock.stats()["bytes_sent"] - before
            still = sent == at_rest[0] and sent > 0
            at_rest[0] = sent
            return still

        wait_until(stands_still, "the provider is held back", interval=0.3)
        assert at_rest[0] < 60_000_000
        assert resident_kilobytes(gateway.worker("proxy")) < 150_000
        # And it goes on when the caller does.
        received = 0
        while received < 40_000_000:
            assert connection.fill()
            received += len(connection.buffer)
            connection.buffer = b""
        wait_until(lambda: mock.stats()["bytes_sent"] - before > at_rest[0], "the provider goes on")


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("behaviour", ["chunks=100000&gap_ms=20", "hang_after=1", "chunks=10000000"])
def test_caller_vanishes(gateway, mock, how, behaviour):
    wait_until(lambda: mock.stats()["active_requests"] == 0, "nothing runs")
    before = mock.stats()["cancelled_streams"]
    connection = Connection(gateway.proxy_address)
    connection.send(chat_request(chat_body(f"mock/m?{behaviour}", stream=True)))
    assert connection.read_head()[0] == 200
    next(connection.read_chunks())
    assert mock.stats()["active_requests"] == 1
    getattr(connection, how)()
    # `hang_after` shows that the gateway does not need a failing write to notice.
    wait_until(lambda: mock.stats()["cancelled_streams"] == before + 1, "the provider's stream was closed", timeout=5)
    assert mock.stats()["active_requests"] == 0


def test_caller_vanishes_before_the_head(gateway, mock):
    wait_until(lambda: mock.stats()["active_requests"] == 0, "nothing runs")
    before = mock.stats()["cancelled"]
    connection = Connection(gateway.proxy_address)
    connection.send(chat_request(chat_body("mock/m?hang=1"), "x-aisix-request-id: vanishing-caller"))
    wait_until(lambda: mock.stats()["active_requests"] == 1, "the provider has the request")
    connection.close()
    wait_until(lambda: mock.stats()["cancelled"] == before + 1, "the provider's request was closed", timeout=5)
    line = gateway.wait_for_log(r"proxy request completed[^\n]*vanishing-caller[^\n]*").group(0)
    assert "status=499" in line
    assert 'error_kind="client_disconnected"' in line
    wait_until(lambda: gateway.metric("aisix_proxy_client_cancelled_requests_total", endpoint="/v1/chat/completions"),
               "the cancellation was counted")


def test_many_streams(gateway, mock):
    """2,000 at once, each of them complete and its own."""
    count = 2000
    wait_until(lambda: mock.stats()["active_requests"] == 0, "nothing runs")

    async def one(number, all_open):
        reader, writer = await asyncio.open_connection(*gateway.proxy_address)
        writer.write(chat_request(chat_body(f"mock/m{number}?chunks=20&gap_ms=300", stream=True)))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        all_open.append(number)
        body = await reader.readuntil(b"\r\n0\r\n\r\n")
        writer.close()
        assert body.count(f'"model":"mock/m{number}?chunks'.encode()) == 22, number
        assert b"data: [DONE]" in body

    async def run():
        opened, peak = [], 0
        streams = asyncio.gather(*(one(number, opened) for number in range(count)))
        while not streams.done():
            await asyncio.sleep(0.05)
            peak = max(peak, await asyncio.to_thread(lambda: mock.stats()["active_requests"]))
        await streams
        return peak

    assert asyncio.run(run()) == count
    assert mock.stats()["active_requests"] == 0


@pytest.mark.long
def test_many_streams_for_minutes(gateway, mock):
    """Rounds of streams: the worker's memory and descriptors stay where they are."""
    for _ in range(2):
        test_many_streams(gateway, mock)
    pid = gateway.worker("proxy")
    memory, files = resident_kilobytes(pid), len(os.listdir(f"/proc/{pid}/fd"))
    for _ in range(10):
        test_many_streams(gateway, mock)
    assert gateway.worker("proxy") == pid
    assert resident_kilobytes(pid) < memory * 1.1
    assert len(os.listdir(f"/proc/{pid}/fd")) < files + 50


def test_http_1_0_caller(gateway):
    """No chunked coding for one who cannot read it: the end of the connection ends the stream."""
    with Connection(gateway.proxy_address) as connection:
        connection.send(chat_request(chat_body("chat", stream=True), version="1.0"))
        status, headers = connection.read_head()
        assert status == 200
        assert "transfer-encoding" not in headers
        while connection.fill():
            pass
        assert events_of(connection.buffer.decode())[-1] == "[DONE]"


def test_provider_answers_whole(http):
    """A whole reply to a stream request is not a stream."""
    reply = http.post("/v1/chat/completions", content=chat_body("once/m?ignore_stream=1", stream=True),
                      headers={"content-type": "application/json"})
    assert "[DONE]" not in reply.text
    assert KEY not in reply.text
