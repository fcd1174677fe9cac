"""proxy.request_body_limit_bytes."""

import pytest
from resources import KEY, resources
from wire import Connection, chat_body, chat_request

LIMIT = 2000
REFUSAL = b'{"error":{"message":"request body exceeds 2000-byte limit","type":"invalid_request_error"}}'


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, mock):
    from processes import Gateway
    process = Gateway(tmp_path_factory.mktemp("limited"), resources(mock.base),
                      {"proxy": {"request_body_limit_bytes": LIMIT}})
    yield process
    process.stop()


def body_of(size):
    body = chat_body()
    return body + " " * (size - len(body))


def chunked(body, key=KEY):
    return chat_request(b"", key=key).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked") + \
        f"{len(body):x}\r\n{body}\r\n0\r\n\r\n".encode()


@pytest.mark.parametrize("make", [chat_request, chunked])
def test_exactly_the_limit(gateway, make):
    with Connection(gateway.proxy_address) as connection:
        connection.send(make(body_of(LIMIT)))
        assert connection.read_response()[0] == 200


@pytest.mark.parametrize("key", [KEY, "sk-wrong"])
def test_declared_above(gateway, key):
    """Comes before the credential, and the caller can read the answer although it sends everything."""
    with Connection(gateway.proxy_address) as connection:
        connection.send(chat_request(body_of(1_000_000), key=key))
        status, headers, body = connection.read_response()
        assert (status, body) == (413, REFUSAL)
        assert headers["x-aisix-request-id"]
    gateway.wait_for_log(r"aisix::body_limit: .*declared_content_length=1000000")
    from processes import wait_until
    wait_until(lambda: gateway.metric("aisix_proxy_request_body_limit_rejections_total",
                                      endpoint="/v1/chat/completions", outcome="completed"), "the refusal is counted")


def test_chunked_above(gateway):
    with Connection(gateway.proxy_address) as connection:
        connection.send(chunked(body_of(LIMIT + 1)))
        status, _, body = connection.read_response()
        assert (status, body) == (413, REFUSAL)


def test_chunked_above_without_key(gateway):
    """The credential comes before a body whose length nobody declared."""
    with Connection(gateway.proxy_address) as connection:
        connection.send(chunked(body_of(LIMIT + 1), key="sk-wrong"))
        assert connection.read_response()[0] == 401


def test_body_that_never_comes(gateway):
    """The caller leaves in the middle of its body: nothing hangs on it."""
    connection = Connection(gateway.proxy_address)
    connection.send(chat_request(body_of(1500))[:-500])
    connection.close()
    with Connection(gateway.proxy_address) as other:
        other.send(chat_request(chat_body()))
        assert other.read_response()[0] == 200
