"""A steady load beside a test: threads with keep-alive connections that count every answer."""

import threading

import httpx
from resources import KEY
from wire import chat_body


class Load:
    """`retries`: how often a request is tried again after a connection error (never after an answer)."""

    def __init__(self, gateway, model="chat", threads=4, stream_share=2, retries=0):
        self.gateway = gateway
        self.model = model
        self.retries = retries
        self.stream_share = stream_share
        self.failures = []
        self.answered = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _ask(self, session, stream):
        reply = session.post("/v1/chat/completions", content=chat_body(self.model, stream=stream))
        if reply.status_code != 200:
            return f"status {reply.status_code}: {reply.text}"
        if stream and "data: [DONE]" not in reply.text:
            return f"stream cut: {reply.text[-200:]}"
        return None

    def _run(self, number):
        with httpx.Client(base_url=self.gateway.url, timeout=30,
                          headers={"authorization": f"Bearer {KEY}", "content-type": "application/json"}) as session:
            turn = number
            while not self._stop.is_set():
                turn += 1
                problem = None
                for _ in range(1 + self.retries):
                    try:
                        problem = self._ask(session, turn % self.stream_share == 0)
                        break
                    except httpx.HTTPError as error:
                        problem = repr(error)
                with self._lock:
                    self.answered += 1
                    if problem:
                        self.failures.append(problem)

    def wait_for(self, requests):
        """Until so many more were answered."""
        from processes import wait_until
        target = self.answered + requests
        wait_until(lambda: self.answered >= target, f"{requests} more requests were answered", timeout=60)
