"""HTTP/1.1 at the edges: what could make two readers see two requests is refused; what is allowed works."""

import json

import pytest
from resources import KEY
from wire import Connection, chat_body, chat_request

BODY = chat_body()
START = f"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
LENGTH = f"Content-Length: {len(BODY)}\r\n"
CHUNKED_BODY = f"{len(BODY):x}\r\n{BODY}\r\n0\r\n\r\n"
SMUGGLED = f"GET /v1/models HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {KEY}\r\n\r\n"


def refused(gateway, data, statuses=(400,)):
    """The request is answered with an error (or the connection just ends), and nothing behind it is served."""
    with Connection(gateway.proxy_address) as connection:
        connection.send(data)
        try:
            status, headers, _ = connection.read_response()
        except EOFError:
            assert connection.buffer == b""
            return
        assert status in statuses, status
        assert headers.get("connection") == "close"
        assert connection.at_end(), connection.buffer


@pytest.mark.parametrize("data", [
    # Two lengths, equal or not; lengths that are no numbers.
    START + LENGTH + LENGTH + "\r\n" + BODY,
    START + LENGTH + "Content-Length: 5\r\n\r\n" + BODY,
    START + f"Content-Length: {len(BODY)}, {len(BODY)}\r\n\r\n" + BODY,
    START + "Content-Length: -1\r\n\r\n" + BODY,
    START + f"Content-Length: +{len(BODY)}\r\n\r\n" + BODY,
    START + "Content-Length: 0x20\r\n\r\n" + BODY,
    START + "Content-Length: 99999999999999999999999\r\n\r\n" + BODY,
    START + "Content-Length:\r\n\r\n" + BODY,
    # A length and a coding; codings other than chunked; twice chunked; chunked hidden.
    START + LENGTH + "Transfer-Encoding: chunked\r\n\r\n" + CHUNKED_BODY + SMUGGLED,
    START + "Transfer-Encoding: chunked\r\n" + LENGTH + "\r\n" + CHUNKED_BODY + SMUGGLED,
    START + "Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKED_BODY,
    START + "Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKED_BODY,
    START + "Transfer-Encoding: identity\r\n\r\n" + CHUNKED_BODY,
    START + "Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED_BODY,
    START + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED_BODY,
    START + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + CHUNKED_BODY,
    START + "Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKED_BODY,
    START + "Transfer-Encoding: \x0bchunked\r\n\r\n" + CHUNKED_BODY,
    START + "Transfer-Encoding : chunked\r\n\r\n" + CHUNKED_BODY,
    # Chunks that are no chunks.
    START + "Transfer-Encoding: chunked\r\n\r\n" + "zz\r\n" + BODY + "\r\n0\r\n\r\n",
    START + "Transfer-Encoding: chunked\r\n\r\n" + f"{len(BODY):x}\n{BODY}\r\n0\r\n\r\n",
    START + "Transfer-Encoding: chunked\r\n\r\n" + f"{len(BODY):x}\r\n{BODY}XX0\r\n\r\n",
    START + "Transfer-Encoding: chunked\r\n\r\n" + f"-5\r\n{BODY}\r\n0\r\n\r\n",
    START + "Transfer-Encoding: chunked\r\n\r\n" + f"fffffffffffffffff\r\n{BODY}\r\n0\r\n\r\n",
    # Line ends and folding.
    START.replace("\r\n", "\n") + LENGTH + "\n" + BODY,
    START + "X-A: b\n" + LENGTH + "\r\n" + BODY,
    START + "X-A: b\rX-B: c\r\n" + LENGTH + "\r\n" + BODY,
    START + "X-A: b\r\n folded\r\n" + LENGTH + "\r\n" + BODY,
    START + "X-A: b\x00c\r\n" + LENGTH + "\r\n" + BODY,
    START + "X A: b\r\n" + LENGTH + "\r\n" + BODY,
    START + ": b\r\n" + LENGTH + "\r\n" + BODY,
    START + "no colon\r\n" + LENGTH + "\r\n" + BODY,
    # Exactly one host.
    START.replace("Host: a\r\n", "") + LENGTH + "\r\n" + BODY,
    START + "Host: b\r\n" + LENGTH + "\r\n" + BODY,
    # Request lines.
    START.replace("HTTP/1.1", "HTTP/1.2", 1) + LENGTH + "\r\n" + BODY,
    START.replace("HTTP/1.1", "HTTP/2.0", 1) + LENGTH + "\r\n" + BODY,
    START.replace("HTTP/1.1", "HTP/1.1", 1) + LENGTH + "\r\n" + BODY,
    START.replace("/v1/chat/completions", "v1/chat/completions", 1) + LENGTH + "\r\n" + BODY,
    START.replace("/v1/chat/completions", "/v1/chat completions", 1) + LENGTH + "\r\n" + BODY,
    START.replace("/v1/chat/completions", "/v1/chat/completions#x", 1) + LENGTH + "\r\n" + BODY,
    START.replace("POST ", "BREW ", 1) + LENGTH + "\r\n" + BODY,
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
])
def test_refused(gateway, data):
    refused(gateway, data.encode("latin-1"), statuses=(400, 405, 501, 505))


def test_conflicting_lengths_say_so(gateway):
    """To the caller, and in the access line."""
    since = len(gateway.log())
    with Connection(gateway.proxy_address) as connection:
        connection.send(START + LENGTH + "x-aisix-request-id: two-lengths\r\n" + LENGTH + "\r\n" + BODY)
        status, headers, body = connection.read_response()
    assert status == 400
    assert headers["x-aisix-request-id"] == "two-lengths"
    assert json.loads(body) == {"error": {"message": "request payload is invalid: conflicting Content-Length headers",
                                          "type": "invalid_request_error"}}
    gateway.wait_for_log(r'proxy request completed method="POST" path="/v1/chat/completions" status=400 .*request_id="two-lengths" '
                         'error_kind="invalid_request_error"', since=since)


@pytest.mark.parametrize("line", [
    "X-Long: " + "a" * 200_000, "\r\n".join(f"X-{i}: 1" for i in range(20_000)),
], ids=["one long header", "many headers"])
def test_oversized_head(gateway, line):
    with Connection(gateway.proxy_address) as connection:
        try:
            connection.send(START + line + "\r\n" + LENGTH + "\r\n" + BODY)
            status, headers, _ = connection.read_response()
        except (ConnectionResetError, BrokenPipeError):
            return  # it did not read the rest: as good
        assert status in (400, 431)
        assert headers["connection"] == "close"


def test_oversized_target(gateway):
    with Connection(gateway.proxy_address) as connection:
        try:
            connection.send(f"GET /{'a' * 300_000} HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.read_response()[0] in (400, 414, 431)
        except (ConnectionResetError, BrokenPipeError, EOFError):
            pass


def test_keep_alive(gateway):
    with Connection(gateway.proxy_address) as connection:
        for _ in range(5):
            connection.send(chat_request(BODY))
            status, headers, _ = connection.read_response()
            assert status == 200
            assert headers.get("connection", "keep-alive") != "close"


def test_keep_alive_after_errors(gateway):
    """An error answer does not cost the connection when the request was read to its end."""
    with Connection(gateway.proxy_address) as connection:
        for body, key, expected in [("nonsense", KEY, 400), (chat_body("nowhere"), KEY, 404), (BODY, "sk-wrong", 401),
                                    (BODY, KEY, 200)]:
            connection.send(chat_request(body, key=key))
            status, headers, _ = connection.read_response()
            assert status == expected
            if headers.get("connection") == "close":
                connection.close()
                connection.__init__(gateway.proxy_address)


def test_pipelining(gateway):
    """Answers in the order of the requests, whatever each takes."""
    names = [f"mock/m{i}?ttft_ms={delay}" for i, delay in enumerate((200, 0, 100, 0))]
    with Connection(gateway.proxy_address) as connection:
        connection.send(b"".join(chat_request(chat_body(name, stream=i == 2)) for i, name in enumerate(names)) +
                        SMUGGLED.encode())
        for name in names:
            status, _, body = connection.read_response()
            assert status == 200
            assert f'"model":"{name}"'.encode() in body
        status, _, body = connection.read_response()
        assert (status, b'"object":"list"' in body) == (200, True)


def test_byte_by_byte(gateway):
    with Connection(gateway.proxy_address) as connection:
        for byte in chat_request(BODY):
            connection.send(bytes([byte]))
        assert connection.read_response()[0] == 200


@pytest.mark.parametrize("extension", ["", ";name=value", ";a;b=\"c\""])
def test_chunked_request(gateway, extension):
    pieces = [BODY[:1], BODY[1:20], BODY[20:]]
    data = "".join(f"{len(piece):X}{extension}\r\n{piece}\r\n" for piece in pieces)
    with Connection(gateway.proxy_address) as connection:
        connection.send(START + "Transfer-Encoding: chunked\r\n\r\n" + data + "0\r\nX-Trailer: 1\r\n\r\n" + SMUGGLED)
        assert connection.read_response()[0] == 200
        # What follows is the next request, not a part of this one.
        assert connection.read_response()[0] == 200


def test_expect_continue(gateway):
    with Connection(gateway.proxy_address) as connection:
        connection.send(START + LENGTH + "Expect: 100-continue\r\n\r\n")
        assert connection.read_head()[0] == 100
        connection.send(BODY)
        assert connection.read_response()[0] == 200


def test_expect_continue_refused(gateway):
    """Without a valid key the body is not asked for, or answered all the same."""
    with Connection(gateway.proxy_address) as connection:
        connection.send(START.replace(KEY, "sk-wrong") + LENGTH + "Expect: 100-continue\r\n\r\n")
        status, _ = connection.read_head()
        if status == 100:
            connection.send(BODY)
            status, _ = connection.read_head()
        assert status == 401


@pytest.mark.parametrize("lines", ["Connection: Upgrade\r\nUpgrade: websocket\r\n", "Connection: Upgrade, HTTP2-Settings\r\n"
                                   "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"])
def test_upgrade_is_not_taken(gateway, lines):
    with Connection(gateway.proxy_address) as connection:
        connection.send(START + lines + LENGTH + "\r\n" + BODY)
        assert connection.read_response()[0] == 200
        connection.send(SMUGGLED)
        assert connection.read_response()[0] == 200


def test_connect_is_refused(gateway):
    refused(gateway, b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", statuses=(400, 404, 405, 501))


def test_http_1_0(gateway):
    with Connection(gateway.proxy_address) as connection:
        connection.send(chat_request(BODY, version="1.0"))
        status, headers, _ = connection.read_response()
        assert status == 200
        assert connection.at_end()


def test_http_1_0_keep_alive(gateway):
    with Connection(gateway.proxy_address) as connection:
        for _ in range(2):
            connection.send(chat_request(BODY, "Connection: keep-alive", version="1.0"))
            status, headers, _ = connection.read_response()
            assert status == 200
            if headers.get("connection", "").lower() != "keep-alive":
                return


def test_connection_close(gateway):
    with Connection(gateway.proxy_address) as connection:
        connection.send(chat_request(BODY, "Connection: close"))
        status, headers, _ = connection.read_response()
        assert (status, headers["connection"]) == (200, "close")
        assert connection.at_end()


def test_head_has_no_body(gateway):
    with Connection(gateway.proxy_address) as connection:
        for path in ("/livez", "/readyz", "/v1/models"):
            connection.send(f"HEAD {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {KEY}\r\n\r\n")
            status, headers, _ = connection.read_response("HEAD")
            assert status == 200
            assert int(headers["content-length"]) > 0
        connection.send(SMUGGLED)
        assert connection.read_response()[0] == 200


def test_idle_connections_are_closed(start_gateway, mock):
    from resources import resources
    gateway = start_gateway(resources(mock.base), {"downstream": {"idle_timeout_secs": 1}})
    with Connection(gateway.proxy_address) as idle, Connection(gateway.proxy_address) as half, \
            Connection(gateway.proxy_address) as running:
        idle.send(SMUGGLED)
        assert idle.read_response()[0] == 200
        half.send("POST /v1/chat/comp")
        # A request in progress is never interrupted.
        running.send(chat_request(chat_body("mock/m?ttft_ms=2500")))
        assert idle.at_end()
        half.fill()
        assert not half.fill() or half.buffer.startswith(b"HTTP/1.1 4")
        assert running.read_response()[0] == 200
