"""A real etcd and a client for it: its own JSON gateway, over one kept connection."""

import base64
import http.client
import json
import pathlib

from scenarios.processes import free_port, wait_until

BATCH = 1000  # operations of one transaction


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def put_operation(key, document):
    return {"requestPut": {"key": encoded(key), "value": encoded(json.dumps(document, separators=(",", ":")))}}


class Store:
    def __init__(self, stage, directory):
        self.port, peer = free_port(), free_port()
        url, peer_url = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{peer}"
        self.url = url
        self.process = stage.start(
            ["etcd", "--name", "scale", "--data-dir", pathlib.Path(directory) / "etcd", "--log-level", "error",
             "--max-txn-ops", str(BATCH), "--max-request-bytes", str(8 << 20),
             "--listen-client-urls", url, "--advertise-client-urls", url, "--listen-peer-urls", peer_url,
             "--initial-advertise-peer-urls", peer_url, "--initial-cluster", f"scale={peer_url}"],
            pathlib.Path(directory) / "etcd.log", {"ETCD_UNSUPPORTED_ARCH": "arm64"})
        self.connection = None
        wait_until(self.healthy, "etcd is healthy", 30)

    def healthy(self):
        try:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            self.connection.request("GET", "/health")
            return self.connection.getresponse().read().find(b'"true"') > 0
        except OSError:
            return False

    def call(self, path, body):
        self.connection.request("POST", path, body, {"content-type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"etcd answered {answer.status}: {text[:300]!r}")

    def put(self, key, document):
        self.call("/v3/kv/put", json.dumps(put_operation(key, document)["requestPut"]))

    def put_all(self, pairs):
        """Many documents, in transactions."""
        for body in transactions(pairs):
            self.call("/v3/kv/txn", body)


def transactions(pairs):
    operations = [put_operation(key, document) for key, document in pairs]
    return [json.dumps({"success": operations[start:start + BATCH]}) for start in range(0, len(operations), BATCH)]
