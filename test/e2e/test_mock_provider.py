"""The stand-in itself: what the other tests assume of it."""

import json

import httpx
import pytest
from processes import wait_until
from wire import Connection, chat_body, chat_request, events_of

JSON = {"content-type": "application/json"}


def ask(provider, model="m", **more):
    return httpx.post(provider.base + "/chat/completions", content=chat_body(model, **more), headers=JSON, timeout=20)


def address(mock):
    host, port = mock.url[len("http://"):].split(":")
    return host, int(port)


def test_whole(mock):
    reply = ask(mock)
    assert reply.json()["choices"][0]["message"]["content"].startswith("Hello!")
    assert reply.json()["model"] == "m"
    assert httpx.get(mock.base + "/models").json()["data"][0]["id"] == "mock"
    assert httpx.get(mock.base + "/nowhere").status_code == 404


def test_behaviour_in_the_model_and_in_the_body(mock):
    reply = ask(mock, "m?status=429&retry_after=7")
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "7")
    assert ask(mock, "m?status=429", mock={"status": 503, "error_body": "no%20"}).text == "no%20"
    assert ask(mock, "m?content=a%20b").json()["choices"][0]["message"]["content"] == "a b"


@pytest.mark.parametrize("body", ["", "{}", "[1]", '{"model":"m"}', '{"model":"m","messages":[],"stream":"x"}',
                                  '{"model":"m","messages":[],"stream_options":{}}'])
def test_bad_requests(mock, body):
    assert httpx.post(mock.base + "/chat/completions", content=body, headers=JSON).status_code == 400


@pytest.mark.parametrize("how, chunks", [({}, 9), ({"chunks": 1000}, 1000), ({"chunks": 3, "gap_ms": 20}, 3),
                                         ({"write_bytes": 11}, 9), ({"until_close": 1}, 9),
                                         ({"reply_bytes": 3_000_000, "chunks": 300}, 300)])
def test_streams(mock, how, chunks):
    events = events_of(ask(mock, stream=True, stream_options={"include_usage": True}, mock=how).text)
    assert events[-1] == "[DONE]"
    assert json.loads(events[-2])["usage"]["completion_tokens"] == chunks
    assert len(events) == chunks + 4
    text = "".join(json.loads(event)["choices"][0]["delta"].get("content") or "" for event in events[:-2])
    if "reply_bytes" in how:
        assert len(text) == how["reply_bytes"]


@pytest.mark.parametrize("fault", ["drop_connection=1", "drop_connection=2", "truncate_after=10", "die_after=2",
                                   "reset_after=2"])
def test_connection_faults(mock, fault):
    with pytest.raises(httpx.HTTPError):
        ask(mock, f"m?{fault}", stream=fault[0] in "dr" and "after" in fault)


def test_pipelined_requests(mock):
    with Connection(address(mock)) as connection:
        connection.send(chat_request(chat_body("a?ttft_ms=100")) + chat_request(chat_body("b")) +
                        chat_request(chat_body("c?chunks=2&gap_ms=10", stream=True)) + chat_request(chat_body("d")))
        for name in "abcd":
            status, _, body = connection.read_response()
            assert status == 200 and f'"model":"{name}"'.encode() in body


def test_statistics(mock):
    mock.reset()
    assert ask(mock).status_code == 200
    connection = Connection(address(mock))
    connection.send(chat_request(chat_body("m?hang=1"), "x-aisix-request-id: one"))
    wait_until(lambda: mock.stats()["active_requests"] == 1, "it is seen")
    connection.close()
    wait_until(lambda: mock.stats()["cancelled"] == 1, "its end is seen")
    stats = mock.stats()
    assert (stats["requests"], stats["completed"], stats["active_requests"]) == (2, 1, 0)
    assert json.loads(mock.only_request("one")["body"])["model"] == "m?hang=1"


def test_fails_so_often(mock):
    assert [ask(mock, "m?status=500&fail_times=2&key=k").status_code for _ in range(4)] == [500, 500, 200, 200]
