"""Providers behind an HTTP proxy: HTTPS_PROXY, HTTP_PROXY, NO_PROXY."""

import json

import httpx
import pytest
from authority import Authority
from connect_proxy import ConnectProxy, TlsFront
from processes import run_gateway
from resources import KEY, model, provider_key, resources
from wire import chat_body, events_of

HEADERS = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
USER = "gate%40way:s%3Acret%2F1"  # as in a URL
CREDENTIALS = "gate@way:s:cret/1"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "test-ca")


@pytest.fixture
def secure(authority, mock):
    """The mock provider behind TLS."""
    host, port = mock.url.removeprefix("http://").rsplit(":", 1)
    front = TlsFront(authority.issue("provider"), (host, int(port)))
    yield front
    front.close()


@pytest.fixture
def proxy():
    process = ConnectProxy(CREDENTIALS)
    yield process
    process.close()


@pytest.fixture
def behind(start_gateway, authority, mock):
    """Starts a gateway whose models `secure` and `plain` are at these bases."""

    def start(environment, secure_base="https://localhost:9/v1", plain_base=None, config=None):
        settings = {"upstream": {"tls": {"ca_file": str(authority.certificate)}}, **(config or {})}
        return start_gateway(
            resources("http://127.0.0.1:9/v1", models=[
                model("secure", "m", key="secure", retries=0), model("plain", "m", key="plain", retries=0),
                model("secure/*", "*", key="secure", retries=0)],
                provider_keys=[provider_key("secure", secure_base), provider_key("plain", plain_base or mock.base)]),
            settings, environment)

    return start


def ask(gateway, name, **more):
    return httpx.post(gateway.base + "/chat/completions", headers=HEADERS, timeout=30,
                      content=chat_body(name, **more))


def message(reply):
    assert reply.status_code == 502, reply.text
    error = reply.json()["error"]
    assert error["type"] == "transport_error"
    return error["message"]


def test_tls_inside_a_tunnel(behind, proxy, secure, mock):
    gateway = behind({"HTTPS_PROXY": proxy.url(USER)}, secure.base())
    mock.reset()
    for _ in range(3):
        reply = ask(gateway, "secure")
        assert reply.status_code == 200, reply.text
    # One loop or the other may have served a request: each keeps its tunnel.
    assert set(proxy.tunnels) == {f"localhost:{secure.port}"} and len(proxy.tunnels) <= 2
    for request in mock.requests():
        assert not any("proxy" in name.lower() for name in dict(request["headers"])), "the provider sees no proxy header"
    # Egress opened connections to the proxy only, and its name came without the credentials.
    assert gateway.metric("aisix_egress_dials_total", destination=f"localhost:{proxy.port}", outcome="connected") >= 1
    assert gateway.metric("aisix_egress_dials_total", destination=f"localhost:{secure.port}") is None
    for secret in (USER, CREDENTIALS, "s:cret", "s%3Acret", proxy.expected.split()[1]):
        assert secret not in gateway.log() + gateway.metrics()


def test_streams_through_a_tunnel(behind, proxy, secure):
    gateway = behind({"HTTPS_PROXY": proxy.url(USER)}, secure.base())
    # The provider stops in the middle: what it has said until then is there.
    with httpx.stream("POST", gateway.base + "/chat/completions", headers=HEADERS, timeout=30,
                      content=chat_body("secure/m?hang_after=3", stream=True)) as reply:
        assert reply.status_code == 200
        text = ""
        pieces = reply.iter_text()
        while len(events_of(text)) < 3:
            text += next(pieces)
    assert "[DONE]" not in text
    whole = ask(gateway, "secure", stream=True, mock={"chunks": 3000}).text
    assert whole.endswith("data: [DONE]\n\n") and len(events_of(whole)) > 3000


def test_a_plain_origin_is_named_in_the_request(behind, proxy, mock):
    gateway = behind({"HTTP_PROXY": proxy.url(USER)})
    mock.reset()
    assert ask(gateway, "plain").status_code == 200
    assert ask(gateway, "plain", stream=True).text.endswith("data: [DONE]\n\n")
    assert {(method, target) for method, target, _ in proxy.requests} == {("POST", mock.base + "/chat/completions")}
    assert all(headers["proxy-authorization"] == proxy.expected for _, _, headers in proxy.requests)
    assert len(mock.requests()) == 2


def test_exceptions_are_connected_to_directly(behind, proxy, secure, mock):
    gateway = behind({"ALL_PROXY": proxy.url(USER), "NO_PROXY": "example.com, 127.0.0.0/8"}, secure.base())
    assert ask(gateway, "plain").status_code == 200  # 127.0.0.1
    assert proxy.requests == []
    assert ask(gateway, "secure").status_code == 200  # localhost is a name
    assert len(proxy.tunnels) == 1


def test_wrong_credentials(behind, proxy, secure):
    gateway = behind({"ALL_PROXY": proxy.url("user:wr0ng")}, secure.base())
    assert "HTTP proxy: 407: it does not accept the credentials" in message(ask(gateway, "secure"))
    assert "HTTP proxy: 407: it does not accept the credentials" in message(ask(gateway, "plain"))
    assert "wr0ng" not in gateway.log()


@pytest.mark.parametrize("answer, expected", [
    (b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n", "HTTP proxy: it answered CONNECT with 502 Bad Gateway"),
    (b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", "HTTP proxy: it answered CONNECT with 403 Forbidden"),
    (b"not HTTP\r\n\r\n", "HTTP proxy: its answer to CONNECT is not HTTP"),
    (b"", "connect through the HTTP proxy timed out"),
], ids=["bad gateway", "forbidden", "not a proxy", "silent"])
def test_a_proxy_that_fails(behind, proxy, secure, answer, expected):
    proxy.answer = answer
    upstream = {"connect_timeout_ms": 300} if not answer else {}
    gateway = behind({"HTTPS_PROXY": proxy.url(USER)}, secure.base(), config={"upstream": {**upstream, "tls": {"verify": False}}})
    assert expected in message(ask(gateway, "secure"))


def test_no_proxy_there(behind, proxy, secure):
    proxy.close()
    gateway = behind({"HTTPS_PROXY": proxy.url(USER)}, secure.base())
    assert "HTTP proxy: connection refused" in message(ask(gateway, "secure"))
    assert gateway.metric("aisix_egress_dials_total", destination=f"localhost:{proxy.port}", outcome="connect_failed") == 1


def test_a_proxy_that_speaks_tls(behind, authority, secure):
    proxy = ConnectProxy(CREDENTIALS, authority.issue("proxy"))
    try:
        gateway = behind({"HTTPS_PROXY": proxy.url(USER, "https"), "HTTP_PROXY": proxy.url(USER, "https")}, secure.base())
        assert ask(gateway, "secure").status_code == 200
        assert ask(gateway, "secure", stream=True, mock={"chunks": 3000}).text.endswith("data: [DONE]\n\n")
        assert ask(gateway, "plain").status_code == 200
        assert proxy.tunnels and len(proxy.requests) > len(proxy.tunnels)
    finally:
        proxy.close()


def test_a_value_that_cannot_be_used_ends_the_start(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps({"resources_file": str(tmp_path / "r.yaml"), "proxy": {"addr": "127.0.0.1:0"},
                                "admin": {"enabled": False}}))
    code, _, errors = run_gateway("--config", path, environment={"https_proxy": "socks5://user:s3cret@proxy:1080"})
    assert code == 1
    assert "https_proxy: proxies of the kind socks5 are not supported; use http:// or https://" in errors
    assert "s3cret" not in errors
