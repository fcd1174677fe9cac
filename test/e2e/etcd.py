"""Real etcd servers, on ports that the kernel chooses, written to with etcdctl as an operator would."""

import base64
import json
import pathlib
import shutil
import socket
import subprocess
import threading

import httpx
from processes import Gateway, Process, clean_environment, merge, wait_until
from resources import KEY, key_hash


def free_ports(count):
    """Ports that nobody listens on. All are held until the last one is found, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Member(Process):
    """One server. `tls`: a directory with ca.pem, server.pem and server-key.pem; clients must show a certificate."""

    def __init__(self, directory, name, client_port, peer_port, cluster, tls=None, state="new", options=()):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.client_port, self.tls = client_port, tls
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{client_port}"
        arguments = ["etcd", "--name", name, "--data-dir", self.directory / f"{name}.data", "--unsafe-no-fsync",
                     "--logger", "zap", "--log-level", "warn",
                     "--heartbeat-interval", "50", "--election-timeout", "500",
                     "--listen-client-urls", self.url, "--advertise-client-urls", self.url,
                     "--listen-peer-urls", f"http://127.0.0.1:{peer_port}",
                     "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer_port}",
                     "--initial-cluster", cluster, "--initial-cluster-state", state, *options]
        if tls:
            arguments += ["--client-cert-auth", "--trusted-ca-file", tls / "ca.pem", "--cert-file", tls / "server.pem",
                          "--key-file", tls / "server-key.pem"]
        super().__init__(arguments, self.directory / f"{name}.log", {"ETCD_UNSUPPORTED_ARCH": "arm64"})


class Etcd:
    """A cluster of `size` members whose data outlive them."""

    def __init__(self, directory, size=1, tls=None, options=()):
        self.directory = pathlib.Path(directory)
        self.tls, self.options = tls, options
        self.user = None  # "name:password" for etcdctl
        ports = free_ports(2 * size)
        self.ports = list(zip(ports[:size], ports[size:]))
        self.cluster = ",".join(f"m{i}=http://127.0.0.1:{peer}" for i, (_, peer) in enumerate(self.ports))
        self.members = [None] * size
        for index in range(size):
            self.start(index)
        self.wait_healthy()

    def start(self, index=0):
        client, peer = self.ports[index]
        self.members[index] = Member(self.directory, f"m{index}", client, peer, self.cluster, self.tls, options=self.options)

    def kill(self, index=0):
        self.members[index].child.kill()
        self.members[index].child.wait(10)

    def restart(self, index=0):
        self.kill(index)
        self.start(index)
        self.wait_healthy(index)

    def stop(self):
        for member in self.members:
            if member is not None and member.alive():
                member.child.kill()
        for member in self.members:
            if member is not None:
                member.stop()

    @property
    def endpoints(self):
        return [f"{'https' if self.tls else 'http'}://127.0.0.1:{client}" for client, _ in self.ports]

    def wait_healthy(self, index=None):
        which = self.endpoints if index is None else [self.endpoints[index]]
        wait_until(lambda: self.ctl("endpoint", "health", endpoints=which, check=False).returncode == 0, "etcd is healthy", 30)

    def leader(self):
        """The index of the leader."""
        status = json.loads(self.ctl("endpoint", "status", "-w", "json").stdout)
        for index, one in enumerate(status):
            if one["Status"]["header"]["member_id"] == one["Status"]["leader"]:
                return index
        raise AssertionError(status)

    def ctl(self, *arguments, endpoints=None, data=None, check=True, user=None, timeout="5s"):
        """etcdctl as an operator runs it."""
        command = ["etcdctl", "--endpoints", ",".join(endpoints or self.endpoints), "--command-timeout", timeout]
        if self.tls:
            command += ["--cacert", str(self.tls / "ca.pem"), "--cert", str(self.tls / "client.pem"),
                        "--key", str(self.tls / "client-key.pem")]
        if user or self.user:
            command += ["--user", user or self.user]
        done = subprocess.run([*command, *arguments], input=data, capture_output=True, text=True, timeout=30,
                              env=clean_environment({"ETCDCTL_API": "3"}))
        if check and done.returncode != 0:
            raise AssertionError(f"etcdctl {arguments}: {done.stdout}{done.stderr}")
        return done

    def put(self, key, value, **more):
        """The value goes through standard input when it begins like an option."""
        text = value if isinstance(value, str) else json.dumps(value)
        self.ctl("put", key, "--", text, **more) if text.startswith("-") else self.ctl("put", key, text, **more)

    def delete(self, key):
        self.ctl("del", key)

    def transaction(self, operations):
        """[("put", key, value) | ("del", key)] as one revision."""
        lines = []
        for name, key, *value in operations:
            quoted = json.dumps(value[0] if isinstance(value[0], str) else json.dumps(value[0])) if value else ""
            lines.append(f"{name} {key} {quoted}".rstrip())
        self.ctl("txn", data="\n" + "\n".join(lines) + "\n\n\n")

    def revision(self):
        return json.loads(self.ctl("endpoint", "status", "-w", "json").stdout)[0]["Status"]["header"]["revision"]

    def all(self, prefix):
        """{key: value} of what etcd holds."""
        reply = json.loads(self.ctl("get", "--prefix", prefix, "-w", "json").stdout)
        return {base64.b64decode(entry["key"]).decode(): base64.b64decode(entry.get("value", "")).decode()
                for entry in reply.get("kvs", [])}


class Relay:
    """A TCP relay that can stop relaying: connections stay open and are accepted, nothing passes."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.flowing = threading.Event()
        self.flowing.set()
        self.sockets = []
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def freeze(self):
        self.flowing.clear()

    def thaw(self):
        self.flowing.set()

    def cut(self):
        """Every connection is reset; new ones are accepted as before."""
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.sockets.clear()

    def close(self):
        self.listener.close()
        self.thaw()
        self.cut()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            try:
                server = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            self.sockets += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source, sink):
        while True:
            try:
                data = source.recv(65536)
                self.flowing.wait()
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(data)
            except OSError:
                for one in (source, sink):
                    try:
                        one.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
                return


def have_etcd():
    return shutil.which("etcd") is not None and shutil.which("etcdctl") is not None


class EtcdGateway(Gateway):
    """A gateway whose configuration comes from etcd."""

    def __init__(self, directory, endpoints, config=None, environment=None, wait=True, **more):
        settings = {"resources_file": None, "etcd": {"endpoints": endpoints}}
        merge(settings, config or {})
        super().__init__(directory, {}, settings, environment, wait, **more)

    def caller(self, key=KEY):
        return httpx.Client(base_url=self.url, headers={"authorization": f"Bearer {key}"}, timeout=30)

    def models(self, key=KEY):
        """The names that a caller sees; None when it is not let in."""
        reply = httpx.get(self.base + "/models", headers={"authorization": f"Bearer {key}"}, timeout=10)
        return sorted(row["id"] for row in reply.json()["data"]) if reply.status_code == 200 else None

    def wait_for_models(self, names, timeout=20):
        wait_until(lambda: self.models() == sorted(names), f"the models are {names}", timeout)

    def wait_for_revision(self, revision, timeout=20):
        wait_until(lambda: self.status().get("applied", {}).get("applied_revision", 0) >= revision,
                   f"revision {revision} is applied", timeout)


def provider_key(base, **more):
    return {"display_name": "mock", "provider": "openai", "api_key": "sk-provider", "api_base": base, **more}


def model(name, **more):
    return {"display_name": name, "provider": "openai", "model_name": f"upstream-{name}", "provider_key_id": "pk", **more}


def api_key(key=KEY, **more):
    return {"key_hash": key_hash(key), "allowed_models": ["*"], **more}


def write_base(etcd, base, prefix="/aisix"):
    """A provider key, the model `chat` and one caller, one put each."""
    etcd.put(f"{prefix}/provider_keys/pk", provider_key(base))
    etcd.put(f"{prefix}/models/chat", model("chat"))
    etcd.put(f"{prefix}/api_keys/caller", api_key())
