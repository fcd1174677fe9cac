"""etcd, provider and gateway, set up for one number of caller keys."""

import http.client
import json
import time

from scenarios.processes import free_port

from . import documents
from .store import Store


class Caller:
    """Requests over one kept connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def status(self, key, model):
        """The status of a chat request."""
        body = json.dumps({"model": model, "messages": [{"role": "user", "content": "hello"}]})
        try:
            self.connection.request("POST", "/v1/chat/completions", body, {
                "content-type": "application/json", "authorization": f"Bearer {key}"})
            answer = self.connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return None


class Stand:
    def __init__(self, stage, prefix, directory, keys, models, provider_keys):
        self.stage, self.prefix, self.directory = stage, prefix, directory
        self.keys, self.models, self.provider_keys = keys, models, provider_keys
        self.provider_port, self.port, self.metrics_port = free_port(), free_port(), free_port()
        self.base = f"http://127.0.0.1:{self.provider_port}/v1"
        self.store = Store(stage, directory)
        stage.start([prefix / "bin" / "aisix-mock-provider", "--port", self.provider_port], directory / "provider.log")

    def fill(self):
        """Seconds."""
        start = time.monotonic()
        self.store.put_all((documents.key_of("provider_keys", i), documents.provider_key(i, self.base))
                           for i in range(self.provider_keys))
        self.store.put_all((documents.key_of("models", i), documents.model(i, self.provider_keys)) for i in range(self.models))
        for first in range(0, self.keys, 10_000):
            self.store.put_all((documents.key_of("api_keys", i), documents.caller(i))
                               for i in range(first, min(first + 10_000, self.keys)))
        return round(time.monotonic() - start, 2)

    def start_gateway(self):
        """Seconds until the last key is served by the last model."""
        configuration = {
            "etcd": {"endpoints": [self.store.url], "prefix": documents.PREFIX},
            "proxy": {"addr": f"127.0.0.1:{self.port}", "workers": 2}, "admin": {"enabled": False},
            "observability": {"metrics": {"prometheus": {"addr": f"127.0.0.1:{self.metrics_port}"}}},
            "shutdown": {"min_drain_secs": 0}}
        file = self.directory / "gateway.yaml"
        file.write_text(json.dumps(configuration))
        start = time.monotonic()
        self.gateway = self.stage.start([self.prefix / "bin" / "aisix", "--config", file], self.directory / "gateway.log",
                                        {"RUST_LOG": "warn"})
        caller = Caller(self.port)
        while (status := caller.status(documents.secret(self.keys - 1), f"model-{self.models - 1:05}")) != 200:
            if self.gateway.poll() is not None or time.monotonic() - start > 120:
                raise RuntimeError(f"the gateway does not serve ({status}):\n{(self.directory / 'gateway.log').read_text()[-2000:]}")
            time.sleep(0.005)
        return round(time.monotonic() - start, 3)
