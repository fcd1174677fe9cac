"""The processes under test: the installed gateway and the mock provider. Started on ports that the kernel chooses,
stopped by pid."""

import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import time
import urllib.request

PREFIX = pathlib.Path(os.environ.get("AISIX_PREFIX", "build/install")).resolve()
GATEWAY = PREFIX / "bin" / "aisix"
MOCK = PREFIX / "bin" / "aisix-mock-provider"


def wait_until(condition, what, timeout=20.0, interval=0.01):
    """Polls `condition` until it is true; returns its value. The deadline only bounds a failing test."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"still not so after {timeout} s: {what}")
        time.sleep(interval)


def clean_environment(extra=None):
    """Nothing of the caller's environment may reach the gateway but what programs need to run at all."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
    kept.update(extra or {})
    return kept


def usual_limits():
    """The soft limit that a login shell gives: the test's own is higher."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))


class Process:
    """A child whose output goes to a file. `prepare` runs in it before its program does; its parent's descriptors
    `descriptors` stay open."""

    def __init__(self, arguments, log_path, environment=None, prepare=None, descriptors=()):
        def before_program():
            usual_limits()
            if prepare is not None:
                prepare()

        self.log_path = pathlib.Path(log_path)
        self._log = open(self.log_path, "ab")
        self.child = subprocess.Popen(
            [str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            env=clean_environment(environment), preexec_fn=before_program, pass_fds=descriptors)

    @property
    def pid(self):
        return self.child.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def alive(self):
        return self.child.poll() is None

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, timeout=30.0):
        return self.child.wait(timeout)

    def wait_for_log(self, pattern, timeout=20.0, since=0):
        """The first match of the regular expression in what was logged from offset `since` on."""
        expression = re.compile(pattern)

        def look():
            return expression.search(self.log()[since:])

        return wait_until(look, f"log has /{pattern}/", timeout)

    def stop(self):
        if self.alive():
            self.child.terminate()
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait(10)
        self._log.close()


class Mock(Process):
    def __init__(self, directory, *options, port=0):
        super().__init__([MOCK, "--port", port, "--record", *options], pathlib.Path(directory) / "mock.log")
        self.url = self.wait_for_log(r"listening (http://\S+)").group(1)
        self.base = self.url + "/v1"

    def _get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as reply:
            return json.load(reply)

    def stats(self):
        return self._get("/mock/stats")

    def reset(self):
        self._get("/mock/reset")

    def requests(self, request_id=None):
        """What the provider received: dictionaries with method, target, headers, body, body_bytes, body_crc32."""
        return self._get("/mock/requests" + (f"?id={request_id}" if request_id else ""))

    def only_request(self, request_id):
        found = self.requests(request_id)
        assert len(found) == 1, f"{len(found)} requests with id {request_id}"
        return found[0]


def children_of(pid):
    """{binary name: [pid, …]} of the direct children."""
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except FileNotFoundError:
            continue
        for child in children:
            try:
                name = pathlib.Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[0].decode()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if name:
                found.setdefault(pathlib.PurePath(name).name, []).append(int(child))
    return found


ZONES = {"proxy": "aisix-proxy-worker", "admin": "aisix-admin-worker", "metrics": "aisix-metrics-worker",
         "egress": "aisix-egress-worker"}


class Gateway(Process):
    """`resources` is written as JSON, which is YAML. `config` is merged over the defaults below. `program` is the
    gateway's file, with what executes it (a wrapper) before it; `process` is for Process."""

    def __init__(self, directory, resources, config=None, environment=None, wait=True, program=(GATEWAY,), **process):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.resources_path = self.directory / "resources.yaml"
        self.write_resources(resources)
        settings = {
            "resources_file": str(self.resources_path),
            "proxy": {"addr": "127.0.0.1:0", "workers": 2},
            "admin": {"addr": "127.0.0.1:0", "admin_keys": ["admin-key"]},
            "observability": {"metrics": {"prometheus": {"addr": "127.0.0.1:0"}}},
            "shutdown": {"min_drain_secs": 0},
        }
        merge(settings, config or {})
        self.config_path = self.directory / "config.yaml"
        self.config_path.write_text(json.dumps(settings, indent=1))
        self.scheme = "https" if "tls" in settings["proxy"] else "http"
        super().__init__([*program, "--config", self.config_path], self.directory / "gateway.log", environment, **process)
        self.addresses = {}
        if wait:
            try:
                self.wait_ready()
            except BaseException:
                self.stop()
                print(self.log())
                raise

    def write_resources(self, resources):
        """Atomically, as editors do: a reader sees the old or the new file."""
        text = resources if isinstance(resources, str) else json.dumps(resources, indent=1)
        temporary = self.directory / "resources.yaml.new"
        temporary.write_text(text)
        os.replace(temporary, self.resources_path)

    def reload(self, resources):
        """Writes the file, sends SIGHUP and waits until the outcome is in the status."""
        before = self.reloads()
        self.write_resources(resources)
        self.signal(signal.SIGHUP)
        wait_until(lambda: self.reloads() > before, "the reload happened")

    def reloads(self):
        match = re.search(r"^aisix_config_reloads_total (\d+)", self.metrics(), re.M)
        return int(match.group(1)) if match else 0

    def _listening(self, name):
        if name not in self.addresses:
            expression = re.compile(r"listening\b.*\blistener=\"?" + name + r"\"?.*\baddr=\"?([0-9.:\[\]a-f]+)\"?")

            def look():
                assert self.alive(), "the gateway ended:\n" + self.log()
                return expression.search(self.log())

            self.addresses[name] = wait_until(look, f"the {name} listener is announced").group(1)
        return self.addresses[name]

    @property
    def proxy_address(self):
        host, port = self._listening("proxy").rsplit(":", 1)
        return host, int(port)

    @property
    def url(self):
        return f"{self.scheme}://{self._listening('proxy')}"

    @property
    def base(self):
        return self.url + "/v1"

    @property
    def admin_url(self):
        return "http://" + self._listening("admin")

    @property
    def metrics_url(self):
        return "http://" + self._listening("metrics")

    def wait_ready(self, timeout=30.0):
        def ready():
            assert self.alive(), "the gateway ended:\n" + self.log()
            return self.metrics_get("/status/ready")[0] == 200

        wait_until(ready, "/status/ready is 200", timeout)
        return self

    def metrics_get(self, path):
        """Status and text of a path on the metrics listener; (0, "") when it does not answer."""
        try:
            with urllib.request.urlopen(self.metrics_url + path, timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metrics(self):
        return self.metrics_get("/metrics")[1]

    def metric(self, name, **labels):
        """Sum of the series of family `name` that have these labels; None when there is none."""
        total = None
        for line in self.metrics().splitlines():
            match = re.match(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$", line)
            if not match or match.group(1) != name:
                continue
            found = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match.group(2) or ""))
            if all(found.get(key) == value for key, value in labels.items()):
                total = (total or 0.0) + float(match.group(3))
        return total

    def status(self):
        status, text = self.metrics_get("/status/config")
        assert status == 200, (status, text)
        return json.loads(text)

    def worker(self, zone):
        """The pid of a zone's only process; None while there is none."""
        found = children_of(self.pid).get(ZONES[zone], [])
        assert len(found) < 2, f"{zone}: {found}"
        return found[0] if found else None


def merge(target, source):
    for key, value in source.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            merge(target[key], value)
        elif value is None:
            target.pop(key, None)
        else:
            target[key] = value


def run_gateway(*arguments, environment=None, timeout=30):
    """Runs the binary to its end: exit code, standard output, standard error."""
    done = subprocess.run([str(GATEWAY), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=clean_environment(environment), timeout=timeout)
    return done.returncode, done.stdout, done.stderr
