"""Seeded random interleavings of puts, deletions, bad documents, kills of workers and restarts of etcd. Afterwards the
configuration that serves is what etcd holds, plus the pins that the rules demand."""

import hashlib
import json
import os
import random
import signal

import httpx
import pytest
from etcd import Etcd, EtcdGateway, model, write_base
from processes import wait_until

NAMES = [f"m{number}" for number in range(12)]


class Expected:
    """What has to serve, by the rules: the last good value of a key that is there."""

    def __init__(self):
        self.present = {}  # key: whether its newest value is good
        self.serving = {}  # key: the good values of which one serves

    def put(self, key, document):
        self.present[key] = True
        self.serving[key] = [document]

    def spoil(self, key):
        self.present[key] = False

    def delete(self, key):
        self.present.pop(key, None)
        self.serving.pop(key, None)


class Chaos:
    def __init__(self, seed, etcd, gateway):
        self.random = random.Random(seed)
        self.etcd, self.gateway = etcd, gateway
        self.expected = Expected()
        self.version = 0
        self.steps = []

    def key(self):
        return f"/aisix/models/{self.random.choice(NAMES)}"

    def document(self):
        self.version += 1
        return model(f"v{self.version}")

    def put(self):
        key, document = self.key(), self.document()
        self.etcd.put(key, document)
        self.expected.put(key, document)

    def spoil(self):
        key = self.key()
        # The gateway must have seen the value that is to be pinned: what nobody ever read cannot serve.
        self.settle()
        self.etcd.put(key, self.random.choice(["{", "[]", '{"display_name":1}', '{"provider":"openai"}']))
        self.expected.spoil(key)

    def delete(self):
        key = self.key()
        self.etcd.delete(key)
        self.expected.delete(key)

    def transaction(self):
        operations = []
        for name in self.random.sample(NAMES, 4):
            key = f"/aisix/models/{name}"
            if self.random.random() < 0.3 and key in self.expected.present:
                operations.append(("del", key))
                self.expected.delete(key)
            else:
                document = self.document()
                operations.append(("put", key, document))
                self.expected.put(key, document)
        self.etcd.transaction(operations)

    def compact(self):
        self.etcd.ctl("compact", str(self.etcd.revision()), check=False)

    def restart_etcd(self):
        self.etcd.restart()

    def outage(self):
        """Changes while the gateway is cut off: it sees only what is there at the end."""
        self.settle()
        self.etcd.kill()
        if self.random.random() < 0.5:
            self.kill_worker()
        self.etcd.start()
        self.etcd.wait_healthy()

    def kill_worker(self):
        zone = self.random.choice(["admin", "admin", "proxy", "egress"])
        pid = self.gateway.worker(zone)
        if pid is not None:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def settle(self):
        revision = self.etcd.revision()

        def applied():
            status, text = self.gateway.metrics_get("/status/config")
            if status != 200:
                return False
            return json.loads(text).get("applied", {}).get("applied_revision", 0) >= revision

        wait_until(applied, "everything is applied", 30)

    def run(self, steps):
        actions = [self.put] * 10 + [self.delete] * 4 + [self.spoil] * 5 + [self.transaction] * 4 + [self.kill_worker] * 2
        actions += [self.compact, self.restart_etcd, self.outage]
        for _ in range(steps):
            action = self.random.choice(actions)
            self.steps.append(action.__name__)
            action()

    def check(self):
        self.etcd.put("/aisix/models/last", model("last"))
        self.expected.put("/aisix/models/last", model("last"))
        self.settle()
        served = {key: values[-1] for key, values in self.expected.serving.items()}
        names = sorted(["chat", *(document["display_name"] for document in served.values())])

        def as_expected():
            try:
                return self.gateway.models() == names
            except httpx.HTTPError:
                return False

        wait_until(as_expected, f"{names} are served after {self.steps[-20:]}")
        status = self.gateway.status()
        base = {key: json.loads(value) for key, value in self.etcd.all("/aisix").items() if key in (
            "/aisix/models/chat", "/aisix/api_keys/caller", "/aisix/provider_keys/pk")}
        text = b"".join(key.encode() + b"\0" + json.dumps(document, sort_keys=True, separators=(",", ":")).encode() + b"\n"
                        for key, document in sorted({**base, **served}.items()))
        assert status["applied"]["config_hash"] == hashlib.sha256(text).hexdigest()
        rejected = {row["resource_id"]: row for row in status["rejected"]}
        bad = {key.rsplit("/", 1)[1] for key, good in self.expected.present.items() if not good}
        assert set(rejected) == bad
        for identity, row in rejected.items():
            assert ("serving_stale_since" in row) == (f"/aisix/models/{identity}" in self.expected.serving)


def run(seed, steps, directory, mock):
    etcd = Etcd(directory / "etcd")
    gateway = None
    try:
        write_base(etcd, mock.base)
        gateway = EtcdGateway(directory / "gateway", etcd.endpoints)
        gateway.wait_for_models(["chat"])
        chaos = Chaos(seed, etcd, gateway)
        for _ in range(max(1, steps // 50)):
            chaos.run(50)
            chaos.check()
    except BaseException:
        print(f"seed {seed}")
        if gateway is not None:
            print(gateway.log()[-6000:])
        raise
    finally:
        if gateway is not None:
            gateway.stop()
        etcd.stop()


def test_interleavings(tmp_path, mock):
    run(20260131, 100, tmp_path, mock)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_many_interleavings(tmp_path, mock, seed):
    run(seed, 100, tmp_path, mock)
