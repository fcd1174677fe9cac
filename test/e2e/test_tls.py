"""TLS on the listeners and to the provider."""

import http.server
import json
import os
import pathlib
import re
import signal
import ssl
import threading

import httpx
import pytest
from authority import Authority
from processes import wait_until
from resources import KEY, model, provider_key, resources
from wire import Connection, chat_body, chat_request


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "test-ca")


@pytest.fixture(scope="module")
def other_authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "other-ca")


# ---- the listener


@pytest.fixture(scope="module", params=["ec", "ec traditional", "rsa", "rsa traditional"])
def tls_gateway(request, tmp_path_factory, mock, authority):
    from processes import Gateway
    certificate, key = authority.issue("server-" + request.param.replace(" ", "-"), rsa=request.param.startswith("rsa"),
                                       key_format="traditional" if "traditional" in request.param else None)
    process = Gateway(tmp_path_factory.mktemp("tls"), resources(mock.base),
                      {"proxy": {"tls": {"cert_file": str(certificate), "key_file": str(key)}}})
    yield process
    process.stop()


def context_of(authority, **limits):
    context = ssl.create_default_context(cafile=str(authority.certificate))
    for name, value in limits.items():
        setattr(context, name, value)
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_listener(tls_gateway, authority, version):
    context = context_of(authority, minimum_version=version, maximum_version=version)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with Connection(tls_gateway.proxy_address, tls=context) as connection:
        assert connection.socket.selected_alpn_protocol() in ("http/1.1", "h2")
        connection.send(chat_request(chat_body()))
        assert connection.read_response()[0] == 200
        connection.send(chat_request(chat_body("mock/m?chunks=2000", stream=True)))
        status, _, body = connection.read_response()
        assert status == 200 and body.endswith(b"data: [DONE]\n\n")


def test_listener_large_bodies(tls_gateway, authority, mock):
    import zlib
    text = os.urandom(3_000_000).hex()
    with httpx.Client(base_url=tls_gateway.base, verify=context_of(authority), timeout=60,
                      headers={"authorization": f"Bearer {KEY}"}) as session:
        body = json.dumps({"model": "chat", "stream": False, "messages": [{"role": "user", "content": text}],
                           "mock": {"reply_bytes": 5_000_000}})
        reply = session.post("/chat/completions", content=body, headers={"content-type": "application/json"})
    assert len(reply.json()["choices"][0]["message"]["content"]) == 5_000_000
    assert mock.only_request(reply.headers["x-aisix-request-id"])["body_crc32"] == zlib.crc32(
        body.replace('"chat"', '"upstream-chat"').encode())


def test_no_plain_text_on_the_tls_port(tls_gateway):
    with Connection(tls_gateway.proxy_address) as connection:
        connection.send(chat_request(chat_body()))
        connection.at_end()
        assert b"200 OK" not in connection.buffer


def test_old_versions_are_refused(tls_gateway, authority):
    context = context_of(authority)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionResetError, OSError)):
        Connection(tls_gateway.proxy_address, tls=context)


def test_client_that_says_nothing(tls_gateway, authority):
    """Half a handshake holds nobody up."""
    with Connection(tls_gateway.proxy_address) as silent:
        silent.send(b"\x16\x03\x01")
        with Connection(tls_gateway.proxy_address, tls=context_of(authority)) as connection:
            connection.send(chat_request(chat_body()))
            assert connection.read_response()[0] == 200


@pytest.mark.parametrize("signalled", [True, False])
def test_certificate_is_replaced(tmp_path, start_gateway, mock, authority, signalled):
    """A new file is served after SIGHUP, or because it changed; a bad one keeps the old in service."""
    certificate, key = authority.issue("rotating")
    live = tmp_path / "live.crt", tmp_path / "live.key"

    def install(pair):
        for source, target in zip(pair, live):
            temporary = target.with_suffix(".new")
            temporary.write_bytes(pathlib.Path(source).read_bytes() if source else b"nonsense")
            os.replace(temporary, target)

    install((certificate, key))
    gateway = start_gateway(resources(mock.base), {"proxy": {"tls": {"cert_file": str(live[0]), "key_file": str(live[1])}}})

    def serial():
        with Connection(gateway.proxy_address, tls=context_of(authority)) as connection:
            return connection.socket.getpeercert()["serialNumber"]

    first = serial()
    install(authority.issue("rotated"))
    if signalled:
        gateway.signal(signal.SIGHUP)
    wait_until(lambda: serial() != first, "the new certificate is served")
    second = serial()
    offset = len(gateway.log())
    install((None, None))
    if signalled:
        gateway.signal(signal.SIGHUP)
    gateway.wait_for_log(r"(WARN|ERROR) ", since=offset)
    assert serial() == second
    # A worker that starts while the files are bad gets those that its predecessor used.
    old = gateway.worker("proxy")
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: gateway.worker("proxy") not in (None, old), "another worker is there")
    assert serial() == second
    install(authority.issue("rotated-again"))
    wait_until(lambda: serial() != second, "the new certificate is served")


def test_bad_files_fail_the_boot(tmp_path, start_gateway, mock, authority):
    certificate, _ = authority.issue("one")
    _, key = authority.issue("two")
    gateway = start_gateway(resources(mock.base), {"proxy": {"tls": {"cert_file": str(certificate), "key_file": str(key)}}},
                            wait=False)
    assert gateway.wait() == 1
    assert re.search(r"^Error: .*proxy\.tls: ", gateway.log(), re.M)


def test_admin_listener(start_gateway, mock, authority):
    certificate, key = authority.issue("admin")
    gateway = start_gateway(resources(mock.base), {"admin": {"tls": {"cert_file": str(certificate), "key_file": str(key)}}})
    reply = httpx.get(gateway.admin_url.replace("http:", "https:") + "/readyz", verify=context_of(authority))
    assert (reply.status_code, reply.text) == (200, "ok")


# ---- the upstream


class TlsUpstream:
    """A provider behind TLS: answers every POST with one completion."""

    def __init__(self, certificate, key, client_authority=None):
        seen = self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                seen.append({"peer": self.connection.getpeercert(), "alpn": self.connection.selected_alpn_protocol()})
                if body.get("stream"):
                    self.send_response(200)
                    self.send_header("content-type", "text/event-stream")
                    self.send_header("connection", "close")
                    self.end_headers()
                    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m",
                             "choices": [{"index": 0, "delta": {"content": "secure"}, "finish_reason": None}]}
                    for _ in range(1000):
                        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                    self.wfile.write(b"data: [DONE]\n\n")
                    self.close_connection = True
                    return
                answer = json.dumps({"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [
                    {"index": 0, "message": {"role": "assistant", "content": "secure"}, "finish_reason": "stop"}]}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.set_alpn_protocols(["http/1.1"])
        context.sni_callback = lambda sock, name, _: seen.append({"sni": name})
        if client_authority:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_authority.certificate)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        # The handshake belongs to the connection's own thread.
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def base(self, host="localhost"):
        return f"https://{host}:{self.port}/v1"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def upstream(authority, request):
    started = []

    def start(name="upstream", client_authority=None, **issue):
        server = TlsUpstream(*authority.issue(name, **issue), client_authority)
        started.append(server)
        return server

    yield start
    for server in started:
        server.close()


def ask(gateway, name="secure", stream=False):
    return httpx.post(gateway.base + "/chat/completions", headers={"authorization": f"Bearer {KEY}"}, timeout=30, json={
        "model": name, "stream": stream, "messages": [{"role": "user", "content": "x"}]})


def with_upstream(base, **key_options):
    return resources("http://127.0.0.1:9/v1", models=[model("secure", "m", key="secure", retries=0)],
                     provider_keys=[provider_key("secure", base, **key_options)])


def test_own_ca_for_all(start_gateway, upstream, authority):
    server = upstream()
    gateway = start_gateway(with_upstream(server.base()), {"upstream": {"tls": {"ca_file": str(authority.certificate)}}})
    reply = ask(gateway)
    assert reply.status_code == 200, reply.text
    assert reply.json()["choices"][0]["message"]["content"] == "secure"
    assert {"sni": "localhost"} in server.seen
    assert [entry["alpn"] for entry in server.seen if "alpn" in entry] == ["http/1.1"]
    assert ask(gateway, stream=True).text.count('"content": "secure"') == 1000


def test_own_ca_for_one_key(start_gateway, upstream, authority):
    gateway = start_gateway(with_upstream(upstream().base(), tls={"ca_cert": authority.certificate.read_text()}))
    assert ask(gateway).status_code == 200


@pytest.mark.parametrize("where", ["deployment", "key"])
def test_verification_off(start_gateway, upstream, where):
    base = upstream(names="DNS:elsewhere").base()
    if where == "key":
        gateway = start_gateway(with_upstream(base, tls={"verify": False}))
    else:
        gateway = start_gateway(with_upstream(base), {"upstream": {"tls": {"verify": False}}})
        assert re.search(r"WARN .*upstream\.tls\.verify", gateway.log())
    assert ask(gateway).status_code == 200


def test_unknown_ca(start_gateway, upstream, other_authority):
    base = upstream().base()
    for options in ({}, {"tls": {"ca_cert": other_authority.certificate.read_text()}}):
        gateway = start_gateway(with_upstream(base, **options))
        reply = ask(gateway)
        assert reply.status_code == 502
        assert reply.json()["error"]["type"] == "transport_error"


def test_wrong_name(start_gateway, upstream, authority):
    gateway = start_gateway(with_upstream(upstream(names="DNS:elsewhere").base()),
                            {"upstream": {"tls": {"ca_file": str(authority.certificate)}}})
    assert ask(gateway).status_code == 502


def test_address_as_name(start_gateway, upstream, authority):
    gateway = start_gateway(with_upstream(upstream().base("127.0.0.1")),
                            {"upstream": {"tls": {"ca_file": str(authority.certificate)}}})
    assert ask(gateway).status_code == 200


def test_client_certificate(start_gateway, upstream, authority):
    server = upstream(client_authority=authority)
    certificate, key = authority.issue("gateway-identity")
    tls = {"ca_file": str(authority.certificate), "client_cert_file": str(certificate), "client_key_file": str(key)}
    gateway = start_gateway(with_upstream(server.base()), {"upstream": {"tls": tls}})
    assert ask(gateway).status_code == 200
    peer = [entry["peer"] for entry in server.seen if "peer" in entry][0]
    assert ((("commonName", "gateway-identity"),),) == peer["subject"]
    del tls["client_cert_file"], tls["client_key_file"]
    nameless = start_gateway(with_upstream(server.base()), {"upstream": {"tls": tls}})
    assert ask(nameless).status_code == 502


def test_system_bundle_is_replaced_by_the_environment(start_gateway, upstream, authority):
    gateway = start_gateway(with_upstream(upstream().base()), environment={"SSL_CERT_FILE": str(authority.certificate)})
    assert ask(gateway).status_code == 200


def test_plain_provider_on_a_tls_url(start_gateway, mock):
    gateway = start_gateway(with_upstream(mock.base.replace("http:", "https:")))
    assert ask(gateway).status_code == 502
