"""HTTP spoken by hand, for what client libraries hide or forbid."""

import json
import socket
import ssl
import struct

from resources import KEY


class Connection:
    """A raw connection to the gateway; reads whole responses."""

    def __init__(self, address, tls=None, server_name="localhost", timeout=20):
        self.socket = socket.create_connection(address, timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_name)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with RST, as a vanished machine's neighbour would."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def fill(self):
        """False at the end of the connection."""
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLError):
            data = b""
        self.buffer += data
        return bool(data)

    def read_head(self):
        while b"\r\n\r\n" not in self.buffer:
            if not self.fill():
                raise EOFError(f"the connection ended in the head: {self.buffer!r}")
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            headers.setdefault(name.lower(), value.strip())
        return int(lines[0].split(" ")[1]), headers

    def read_exactly(self, size):
        while len(self.buffer) < size:
            if not self.fill():
                raise EOFError(f"the connection ended {size - len(self.buffer)} bytes early")
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def read_line(self):
        while b"\r\n" not in self.buffer:
            if not self.fill():
                raise EOFError("the connection ended in a line")
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def read_chunks(self):
        while True:
            size = int(self.read_line().split(b";")[0], 16)
            data = self.read_exactly(size)
            self.read_line()
            if not size:
                return
            yield data

    def read_response(self, method="POST"):
        status, headers = self.read_head()
        while status == 100:
            status, headers = self.read_head()
        if method == "HEAD" or status in (204, 304):
            return status, headers, b""
        if headers.get("transfer-encoding") == "chunked":
            return status, headers, b"".join(self.read_chunks())
        return status, headers, self.read_exactly(int(headers.get("content-length", 0)))

    def at_end(self):
        """True when the peer closed the connection and sent nothing more."""
        while self.fill():
            pass
        return self.buffer == b""


def chat_body(model="chat", stream=None, **more):
    body = {"model": model, "messages": [{"role": "user", "content": "Say hello"}], **more}
    if stream is not None:
        body["stream"] = stream
    return json.dumps(body)


def chat_request(body, *headers, key=KEY, version="1.1"):
    """A complete request; `headers` are further header lines."""
    data = body if isinstance(body, bytes) else body.encode()
    lines = [f"POST /v1/chat/completions HTTP/{version}", "Host: gateway", f"Authorization: Bearer {key}",
             "Content-Type: application/json", f"Content-Length: {len(data)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def events_of(text):
    """The payloads of a stream's data lines."""
    return [line[6:] for line in text.replace("\r\n", "\n").split("\n") if line.startswith("data: ")]
