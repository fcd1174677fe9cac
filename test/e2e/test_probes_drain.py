"""Probes, and the way from SIGTERM to exit 0."""

import signal
import threading

import httpx
import pytest
from processes import wait_until
from resources import KEY, resources
from wire import Connection, chat_body, chat_request

DRAINING_READY = "[-]shutdown failed: draining\n[+]config ok\nreadyz check failed"
DRAINING_LIVE = "[+]ping ok\n[-]shutdown failed: reason withheld\nlivez check failed"


@pytest.mark.parametrize("listener", ["url", "admin_url"])
@pytest.mark.parametrize("path, text", [
    ("/livez", "ok"), ("/readyz", "ok"),
    ("/livez?verbose", "[+]ping ok\n[+]shutdown ok\nlivez check passed\n"),
    ("/readyz?verbose=0", "[+]shutdown ok\n[+]config ok\nreadyz check passed\n")])
def test_probes(gateway, listener, path, text):
    reply = httpx.get(getattr(gateway, listener) + path)
    assert (reply.status_code, reply.text) == (200, text)
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert ("x-aisix-request-id" in reply.headers) == (listener == "url")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_when_idle(start_gateway, mock, number):
    gateway = start_gateway(resources(mock.base))
    address = gateway.proxy_address
    with Connection(address) as idle:
        idle.send(chat_request(chat_body()))
        assert idle.read_response()[0] == 200
        gateway.signal(number)
        assert gateway.wait() == 0
        assert idle.at_end()
    with pytest.raises(ConnectionRefusedError):
        Connection(address)


def test_drain(start_gateway, mock):
    """Probes fail at once, requests are served until the minimum is over and none runs, nothing is cut."""
    gateway = start_gateway(resources(mock.base), {"shutdown": {"min_drain_secs": 2}})
    answers = []

    def stream():
        reply = httpx.post(gateway.base + "/chat/completions", headers={"authorization": f"Bearer {KEY}"}, timeout=30,
                           json={"model": "mock/m?chunks=45&gap_ms=100", "stream": True,
                                 "messages": [{"role": "user", "content": "x"}]})
        answers.append(reply.text)

    thread = threading.Thread(target=stream)
    thread.start()
    wait_until(lambda: mock.stats()["active_requests"] == 1, "the stream runs")
    url, admin = gateway.url, gateway.admin_url
    gateway.signal(signal.SIGTERM)
    wait_until(lambda: httpx.get(url + "/readyz").status_code == 503, "readiness is gone")
    for base in (url, admin):
        reply = httpx.get(base + "/readyz")
        assert (reply.status_code, reply.text) == (503, DRAINING_READY)
        reply = httpx.get(base + "/livez")
        assert (reply.status_code, reply.text) == (503, DRAINING_LIVE)
    # Still serving, and saying that the connection ends.
    with Connection(gateway.proxy_address) as connection:
        connection.send(chat_request(chat_body()))
        status, headers, _ = connection.read_response()
        assert (status, headers["connection"]) == (200, "close")
    assert gateway.alive()
    gateway.signal(signal.SIGTERM)  # a second one changes nothing
    thread.join(30)
    assert gateway.wait() == 0
    assert answers[0].endswith("data: [DONE]\n\n")


def test_minimum(start_gateway, mock):
    import time
    gateway = start_gateway(resources(mock.base), {"shutdown": {"min_drain_secs": 1}})
    started = time.monotonic()
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0
    assert time.monotonic() - started >= 1.0
