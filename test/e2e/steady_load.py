"""A load that holds a fixed number of requests per second, streams among them, and knows of every failure when its
request was sent and over which connection.

Open loop: requests are sent when they are due, however long others take; each over an idle connection when there is
one, else over a fresh one. One thread, one epoll, sockets spoken to by hand: a core holds some thousands per second.
"""

import dataclasses
import os
import selectors
import socket
import threading
import time

from processes import wait_until
from wire import chat_body, chat_request

END_OF_CHUNKS = b"0\r\n\r\n"
TAIL = 512  # bytes of a chunked body that are kept to see its end


@dataclasses.dataclass
class Exchange:
    """One request. Times are of time.monotonic()."""
    stream: bool
    sent: float
    opened: float = 0.0  # when its connection was made
    fresh: bool = False  # the first on its connection
    first_byte: float = 0.0
    ended: float = 0.0
    received: int = 0
    error: str = ""

    def __str__(self):
        kind = "stream" if self.stream else "request"
        return (f"{kind} sent at {self.sent:.3f} over a connection of {self.opened:.3f}, ended at {self.ended:.3f} after "
                f"{self.received} bytes: {self.error}")


class _Connection:
    def __init__(self, address):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.opened = time.monotonic()
        self.used = False
        self.exchange = None
        self.unsent = b""
        self.socket.connect_ex(address)

    def begin(self, exchange, data):
        exchange.opened = self.opened
        exchange.fresh = not self.used
        self.used = True
        self.exchange = exchange
        self.unsent = data
        self.buffer = b""
        self.left = None  # bytes of the body that are to come; None: the head is not complete; -1: chunked
        self.closing = False

    def take(self, data):
        """True when the response is complete; sets the error of one that is wrong."""
        self.exchange.received += len(data)
        self.buffer += data
        if self.left is None:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            head, self.buffer = self.buffer[:end].lower(), self.buffer[end + 4:]
            self.status = int(head[9:12])
            self.closing = b"\r\nconnection: close" in head
            if b"\r\ntransfer-encoding: chunked" in head:
                self.left = -1
            else:
                at = head.find(b"\r\ncontent-length: ")
                self.left = int(head[at + 18:].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if self.left >= 0:
            complete = len(self.buffer) >= self.left
        else:
            complete = self.buffer.endswith(END_OF_CHUNKS)
            self.buffer = self.buffer[-TAIL:]
        if complete:
            if self.status != 200:
                self.exchange.error = f"status {self.status}: {self.buffer[:300]!r}"
            elif self.exchange.stream and b"data: [DONE]" not in self.buffer:
                self.exchange.error = f"a stream without its end: {self.buffer!r}"
        return complete


class SteadyLoad:
    """`rate` requests per second; every `stream_every`th is a stream of `chunks` events, `gap_ms` apart, and every
    `long_every`th of the streams one of `long_chunks`."""

    def __init__(self, gateway, rate=500, stream_every=20, chunks=20, gap_ms=50, long_every=20, long_chunks=200,
                 patience=60.0):
        self.address = gateway.proxy_address
        self.rate = rate
        self.stream_every = stream_every
        self.long_every = long_every
        self.patience = patience
        self._whole = chat_request(chat_body("chat"))
        self._stream = chat_request(chat_body(f"mock/m?chunks={chunks}&gap_ms={gap_ms}", stream=True))
        self._long = chat_request(chat_body(f"mock/m?chunks={long_chunks}&gap_ms={gap_ms}", stream=True))
        self._selector = selectors.DefaultSelector()
        self._idle = []
        self._busy = set()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent = self.answered = self.streams = 0
        self.failures = []
        self.largest_delay = 0.0  # of a request behind the time when it was due
        self.started = self.ended = 0.0
        self._watched = None

    def __enter__(self):
        self.started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Sends nothing more and waits for what runs."""
        self.ended = self.ended or time.monotonic()
        self._stopping = True
        self._thread.join()

    @property
    def achieved(self):
        """Requests that were sent per second."""
        return self.sent / ((self.ended or time.monotonic()) - self.started)

    def first_served_after(self, moment, timeout=30.0):
        """When the first answer came to a request whose connection was made after this moment (time.monotonic())."""
        watched = [moment, 0.0]
        self._watched = watched
        wait_until(lambda: watched[1], "a new connection is served", timeout, interval=0.002)
        return watched[1]

    def wait_for(self, requests, timeout=60.0):
        """Until so many more were answered."""
        target = self.answered + requests
        wait_until(lambda: self.answered >= target, f"{requests} more requests are answered", timeout)

    def _run(self):
        due = time.monotonic()
        while True:
            now = time.monotonic()
            while due <= now and not self._stopping:
                self.largest_delay = max(self.largest_delay, now - due)
                self._send()
                due += 1 / self.rate
                now = time.monotonic()
            if self._stopping and (not self._busy or self._give_up(now)):
                break
            wait = 0.05 if self._stopping else min(0.05, max(0.0, due - now))
            for key, events in self._selector.select(wait):
                self._on_event(key.data, events)
        for connection in [*self._idle, *self._busy]:
            self._selector.unregister(connection.socket)
            connection.socket.close()
        self._selector.close()

    def _send(self):
        stream = self.stream_every > 0 and self.sent % self.stream_every == 0
        data = self._whole
        if stream:
            self.streams += 1
            data = self._long if self.streams % self.long_every == 0 else self._stream
        self.sent += 1
        exchange = Exchange(stream, time.monotonic())
        connection = self._usable()
        if connection is None:
            connection = _Connection(self.address)
            self._selector.register(connection.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, connection)
        connection.begin(exchange, data)
        self._busy.add(connection)
        if not exchange.fresh:
            self._flush(connection)

    def _usable(self):
        """An idle connection that the gateway has not closed, the latest; None when there is none."""
        while self._idle:
            connection = self._idle.pop()
            try:
                connection.socket.recv(1, socket.MSG_PEEK)
            except BlockingIOError:
                return connection
            except OSError:
                pass
            self._close(connection)
        return None

    def _flush(self, connection):
        try:
            count = connection.socket.send(connection.unsent)
        except BlockingIOError:
            count = 0
        except OSError as error:
            self._fail(connection, f"sending: {error}")
            return
        connection.unsent = connection.unsent[count:]
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.unsent else 0)
        if self._selector.get_key(connection.socket).events != events:
            self._selector.modify(connection.socket, events, connection)

    def _on_event(self, connection, events):
        if connection.socket.fileno() < 0:  # closed within this turn
            return
        if connection.exchange is not None and connection.unsent and events & selectors.EVENT_WRITE:
            error = connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                self._fail(connection, f"connecting: {os.strerror(error)}")
                return
            self._flush(connection)
        if events & selectors.EVENT_READ and connection.socket.fileno() >= 0:
            self._read(connection)

    def _read(self, connection):
        try:
            data = connection.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            data = b""
            reason = f"receiving: {error}"
        else:
            reason = "the connection ended"
        exchange = connection.exchange
        if exchange is None:  # the gateway closed an idle connection
            self._idle.remove(connection)
            self._close(connection)
            return
        if not data:
            self._fail(connection, reason)
            return
        if not exchange.received:
            exchange.first_byte = time.monotonic()
            watched = self._watched
            if watched is not None and not watched[1] and connection.opened > watched[0]:
                watched[1] = exchange.first_byte
        if connection.take(data):
            self._finish(connection)

    def _finish(self, connection):
        exchange = connection.exchange
        exchange.ended = time.monotonic()
        self.answered += 1
        if exchange.error:
            self.failures.append(exchange)
        connection.exchange = None
        self._busy.remove(connection)
        if connection.closing:
            self._close(connection)
        else:
            self._idle.append(connection)

    def _fail(self, connection, reason):
        exchange = connection.exchange
        exchange.ended = time.monotonic()
        exchange.error = reason
        self.answered += 1
        self.failures.append(exchange)
        self._busy.remove(connection)
        self._close(connection)

    def _give_up(self, now):
        if all(now - connection.exchange.sent < self.patience for connection in self._busy):
            return False
        for connection in list(self._busy):
            self._fail(connection, f"no end within {self.patience} s")
        return True

    def _close(self, connection):
        self._selector.unregister(connection.socket)
        connection.socket.close()
