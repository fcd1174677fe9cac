"""A small HTTP proxy with Basic authentication, and a TLS front for the mock provider."""

import base64
import contextlib
import socket
import ssl
import threading
from urllib.parse import urlsplit


def pump(source, target):
    """One direction of a connection, until its end."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def join(a, b):
    """Both directions, until both ended."""
    back = threading.Thread(target=pump, args=(b, a), daemon=True)
    back.start()
    pump(a, b)
    back.join()


class Listener:
    """Accepts on a port that the kernel chose; each connection has a thread of its own."""

    def __init__(self, certificate=None):
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        # Errors are those of a peer that went away.
        with contextlib.suppress(OSError, EOFError):
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                self.serve(connection)

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class TlsFront(Listener):
    """TLS in front of a plain server."""

    def __init__(self, certificate, address):
        self.address = address
        super().__init__(certificate)

    def base(self, host="localhost"):
        return f"https://{host}:{self.port}/v1"

    def serve(self, connection):
        with socket.create_connection(self.address) as server:
            join(connection, server)


class ConnectProxy(Listener):
    """`requests` has (method, target, headers) of everything that was asked. `answer`: what CONNECT and plain
    requests get instead of being served; an empty one means silence."""

    def __init__(self, credentials=None, certificate=None):
        self.expected = credentials and "Basic " + base64.b64encode(credentials.encode()).decode()
        self.requests = []
        self.answer = None
        super().__init__(certificate)

    def url(self, credentials="", scheme="http"):
        return f"{scheme}://{credentials and credentials + '@'}localhost:{self.port}"

    @property
    def tunnels(self):
        return [target for method, target, _ in self.requests if method == "CONNECT"]

    def serve(self, connection):
        buffer = b""
        server = None
        while True:
            while b"\r\n\r\n" not in buffer:
                data = connection.recv(65536)
                if not data:
                    return
                buffer += data
            head, buffer = buffer.split(b"\r\n\r\n", 1)
            lines = head.decode("latin-1").split("\r\n")
            method, target, version = lines[0].split(" ")
            headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
            self.requests.append((method, target, headers))
            if self.answer is not None:
                connection.sendall(self.answer)
                if not self.answer:
                    connection.recv(1)  # until the other side gives up
                return
            if self.expected and headers.get("proxy-authorization") != self.expected:
                connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"p\"\r\n"
                                   b"content-length: 6\r\n\r\ndenied")
                return
            if method == "CONNECT":
                host, port = target.rsplit(":", 1)
                with socket.create_connection((host.strip("[]"), int(port))) as server:
                    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    join(connection, server)
                return
            url = urlsplit(target)
            if server is None:
                server = socket.create_connection((url.hostname, url.port or 80))
                threading.Thread(target=pump, args=(server, connection), daemon=True).start()
            path = url.path + (f"?{url.query}" if url.query else "")
            passed = [line for line in lines[1:] if not line.lower().startswith("proxy-authorization:")]
            server.sendall("\r\n".join([f"{method} {path} {version}", *passed, "", ""]).encode("latin-1"))
            size = int(headers.get("content-length", 0))
            while len(buffer) < size:
                buffer += connection.recv(65536)
            server.sendall(buffer[:size])
            buffer = buffer[size:]
