"""Each secret is found where the table of zones allows it and nowhere else: looked for in the memory, the open files,
the environment and the command line of every process, also after it was replaced."""

import os
import pathlib
import shutil
import signal
import ssl
import subprocess
from contextlib import closing

import httpx
import pytest
from authority import Authority
from connect_proxy import ConnectProxy, TlsFront
from etcd import Etcd, EtcdGateway, have_etcd
from etcd import model as etcd_model
from etcd import provider_key as etcd_provider_key
from processes import GATEWAY, ZONES, Gateway, children_of, wait_until
from residency import PrivateKey, Secret, found_in, in_files, in_memory, on_show
from resources import api_key, model, provider_key, resources
from wire import Connection, chat_body, chat_request

NOWHERE = frozenset()
ADMIN, PROXY = frozenset({"admin"}), frozenset({"proxy"})
BOTH = ADMIN | PROXY
SUPERVISOR = frozenset({"supervisor"})

# Where the memory of a process may hold it (and must: else the search finds nothing), and which processes may hold an
# open file with it, beside those that the operator wrote. The supervisor keeps what the gateway was started with and
# the files that it grants in sealed memory files that it never maps, and for the admin zone what outlives that one.
ALLOWED = {
    "admin key": (ADMIN, SUPERVISOR),
    "provider key": (BOTH, SUPERVISOR | ADMIN),
    "provider key behind TLS": (BOTH, SUPERVISOR | ADMIN),
    "provider key from a variable": (BOTH, SUPERVISOR | ADMIN),
    "caller key": (NOWHERE, NOWHERE),
    "unknown key": (NOWHERE, NOWHERE),
    "caller key from a variable": (NOWHERE, SUPERVISOR),
    "variable that nobody names": (NOWHERE, SUPERVISOR),
    "password of the HTTP proxy": (PROXY, SUPERVISOR),
    "proxy TLS key": (PROXY, SUPERVISOR | PROXY),
    "admin TLS key": (ADMIN, NOWHERE),
    "etcd password": (ADMIN, SUPERVISOR),
    "etcd client key": (ADMIN, NOWHERE),
}


def launcher():
    """What executes the gateway. Root looks into every process; another user makes a user namespace for the gateway:
    its owner may look into what is in it."""
    if os.geteuid() == 0:
        return (GATEWAY,)
    wrapper = (shutil.which("unshare") or "unshare", "--user", "--map-root-user")
    try:
        subprocess.run([*wrapper, "true"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"neither root nor a user namespace, so no look into undumpable processes: {error}")
    if not all(os.access(path, os.R_OK) for path in (GATEWAY, *(GATEWAY.parent.parent / "libexec/aisix").iterdir())):
        pytest.skip("the kernel lets only root look into a process whose program its user may not read")
    return (*wrapper, GATEWAY)


def replace(path, source):
    shutil.copy(source, f"{path}.new")
    os.replace(f"{path}.new", path)


def processes(gateway):
    """[(name, pid)]: a zone whose worker is being replaced has two."""
    children = children_of(gateway.pid)
    return [("supervisor", gateway.pid), *((zone, pid) for zone, program in ZONES.items() for pid in children.get(program, []))]


class Places:
    """Where secrets are: {name: {process, …}} in memory and in open files."""

    def __init__(self, gateway, wanted, own_files):
        self.memory, self.files = ({secret.name: set() for secret in wanted} for _ in range(2))
        own_files = {str(path) for path in own_files}
        for process, pid in processes(gateway):
            try:
                shown, memory, files = on_show(pid, wanted), in_memory(pid, wanted), in_files(pid, wanted, own_files)
            except (FileNotFoundError, ProcessLookupError):
                assert gateway.alive() and (process, pid) not in processes(gateway)  # it was replaced
                continue
            assert shown == set(), process
            for found, places in ((memory, self.memory), (files, self.files)):
                for name in found:
                    places[name].add(process)

    def excess(self, allowed):
        return {(name, where): places - allowed[name][index]
                for index, (where, found) in enumerate((("memory", self.memory), ("files", self.files)))
                for name, places in found.items() if places - allowed[name][index]}


def look(gateway, wanted, own_files, allowed):
    """Until no secret is where it must not be: snapshots are freed by a thread of their own, and later. But sooner than
    a pool gives back buffers that nobody uses (10 s): what lies in those is not gone."""
    places = Places(gateway, wanted, own_files)
    excess = places.excess(allowed)
    if not excess:
        return places

    def settled():
        nonlocal excess
        again = [secret for secret in wanted if any(name == secret.name for name, _ in excess)]
        excess = Places(gateway, again, own_files).excess(allowed)
        return not excess

    try:
        wait_until(settled, "no secret is where it must not be", 8, 0.1)
    except AssertionError:
        raise AssertionError(f"where it must not be: {excess}") from None
    places = Places(gateway, wanted, own_files)
    assert places.excess(allowed) == {}
    return places


class Scene:
    """A gateway with a secret of every kind that a configuration in files has."""

    def __init__(self, directory, mock):
        self.directory, self.mock = directory, mock
        self.authority = Authority(directory, "authority")
        self.secrets = {name: Secret(name) for name in ALLOWED if "TLS key" not in name and "etcd" not in name}
        self.later = {name: Secret(name) for name in ("provider key from a variable", "caller key from a variable")}
        self.tls = {}
        settings = {}
        for zone in ("proxy", "admin"):
            self.tls[zone] = (directory / f"{zone}.crt", directory / f"{zone}.key")
            for source, path in zip(self.authority.issue(f"{zone}-1"), self.tls[zone]):
                shutil.copy(source, path)
            settings[zone] = {"tls": {"cert_file": str(self.tls[zone][0]), "key_file": str(self.tls[zone][1])}}
        self.read_private_keys()
        settings["admin"]["admin_keys"] = [self.text("admin key")]
        settings["upstream"] = {"tls": {"ca_file": str(self.authority.certificate)}}
        host, port = mock.url.removeprefix("http://").rsplit(":", 1)
        self.front = TlsFront(self.authority.issue("provider"), (host, int(port)))
        credentials = "user:" + self.text("password of the HTTP proxy")
        self.http_proxy = ConnectProxy(credentials)
        environment = {"PROVIDER_1": self.text("provider key from a variable"),
                       "PROVIDER_2": self.later["provider key from a variable"].text,
                       "CALLER_1": self.text("caller key from a variable"),
                       "CALLER_2": self.later["caller key from a variable"].text,
                       "AWS_SECRET_ACCESS_KEY": self.text("variable that nobody names"),
                       "HTTPS_PROXY": self.http_proxy.url(credentials).replace("localhost", "127.0.0.1")}
        self.gateway = Gateway(directory / "gateway", self.resources(1), settings, environment, program=launcher())
        self.own_files = [self.gateway.resources_path, *(path for files in self.tls.values() for path in files)]

    def close(self):
        self.gateway.stop()
        self.http_proxy.close()
        self.front.close()

    def text(self, name):
        return self.secrets[name].text

    def read_private_keys(self):
        for zone, (_, key) in self.tls.items():
            self.secrets[f"{zone} TLS key"] = PrivateKey(f"{zone} TLS key", key)

    def resources(self, number):
        base = resources(self.mock.base)
        base["provider_keys"] = [
            provider_key("mock", self.mock.base, api_key=self.text("provider key")),
            provider_key("variable", self.mock.base, api_key="${PROVIDER_%d}" % number),
            provider_key("tls", self.front.base("127.0.0.1"), api_key=self.text("provider key behind TLS"))]
        base["models"] += [model("variable", "up", key="variable"), model("tls", "up", key="tls")]
        base["api_keys"] = [api_key("hashed", self.text("caller key")),
                            {"display_name": "variable", "key_env": f"CALLER_{number}", "allowed_models": ["*"]}]
        return base

    def rotate(self):
        """Replaces everything that a reload replaces. Returns what was used before."""
        old = dict(self.secrets)
        for name in ("provider key", "provider key behind TLS", "caller key"):
            self.secrets[name] = Secret(name)
        self.secrets.update(self.later)
        for zone, files in self.tls.items():
            for source, path in zip(self.authority.issue(f"{zone}-2"), files):
                replace(path, source)
        self.read_private_keys()
        self.gateway.reload(self.resources(2))
        return [secret for name, secret in old.items() if self.secrets[name] is not secret]

    def client(self):
        return httpx.Client(verify=ssl._create_unverified_context(), timeout=30)

    def post(self, client, key, name, stream=False, expected=200):
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        reply = client.post(self.gateway.base + "/chat/completions", headers=headers, content=chat_body(name, stream=stream))
        assert reply.status_code == expected, reply.text

    def use(self):
        """Sends everything that is ever sent, over a connection that stays open."""
        client = self.client()
        for caller in ("caller key", "caller key from a variable"):
            for name in ("chat", "variable", "tls"):
                for stream in (False, True):
                    self.post(client, self.text(caller), name, stream)
        self.post(client, self.text("unknown key"), "chat", expected=401)
        reply = client.get(self.gateway.admin_url.replace("http:", "https:") + "/admin/v1/health",
                           headers={"authorization": f"Bearer {self.text('admin key')}"})
        assert reply.status_code == 200, reply.text
        return client

    def look(self, wanted=None, allowed=None):
        return look(self.gateway, self.secrets.values() if wanted is None else wanted, self.own_files, allowed or ALLOWED)


@pytest.fixture(scope="module")
def scene(tmp_path_factory, mock):
    made = Scene(tmp_path_factory.mktemp("residency"), mock)
    yield made
    made.close()


def check_that_it_is_found(places):
    """The search finds what is there."""
    for name, found in places.memory.items():
        assert found == ALLOWED[name][0], name
    for name, found in places.files.items():
        if "TLS key" in name or "client key" in name:
            assert found <= ALLOWED[name][1], name  # the operator's file, or a copy in memory
        else:
            assert found == ALLOWED[name][1], name


def test_each_secret_is_where_it_is_used(scene):
    with closing(scene.use()):
        check_that_it_is_found(scene.look())
    assert scene.http_proxy.tunnels


@pytest.mark.parametrize("target", ["head_delay_ms=600000", "hang_after=1"], ids=["waiting", "streaming"])
def test_a_callers_key_is_not_kept_while_its_request_runs(scene, target):
    seen = scene.mock.stats()["requests"]
    with Connection(scene.gateway.proxy_address, tls=ssl._create_unverified_context()) as connection:
        body = chat_body(f"mock/m?{target}", stream="hang" in target)
        connection.send(chat_request(body, key=scene.text("caller key"), version="1.1"))
        if "hang" in target:
            assert connection.read_head()[0] == 200
        wait_until(lambda: scene.mock.stats()["requests"] > seen, "the provider has the request")
        scene.look([scene.secrets["caller key"]])


def test_a_callers_key_is_not_kept_behind_a_request(scene):
    """What was refused, was sent ahead, did not fit or was never finished."""
    key = scene.text("caller key")
    context = ssl._create_unverified_context()
    request = chat_request(chat_body(), key=key)
    with Connection(scene.gateway.proxy_address, tls=context) as pipelined, \
            Connection(scene.gateway.proxy_address, tls=context) as unknown, \
            Connection(scene.gateway.proxy_address, tls=context) as large:
        pipelined.send(request * 3)
        for _ in range(3):
            assert pipelined.read_response()[0] == 200
        unknown.send(request.replace(b"/v1/chat", b"/v1/nothing"))
        assert unknown.read_response()[0] == 404
        # Longer than the first buffer of a connection.
        large.send(chat_request(chat_body(), f"X-Padding: {'x' * 30000}", key=key))
        assert large.read_response()[0] == 200
        scene.look([scene.secrets["caller key"]])
    broken = request.replace(b"Content-Type:", b"Content Type:")
    with Connection(scene.gateway.proxy_address, tls=context) as malformed:
        malformed.send(broken)
        assert malformed.read_response()[0] == 400
    with Connection(scene.gateway.proxy_address, tls=context) as unfinished:
        unfinished.send(request[:request.index(b"Content-Type")])
        wait_until(lambda: in_memory(scene.gateway.worker("proxy"), [scene.secrets["caller key"]]),
                   "the proxy has received the beginning of a request")
    scene.look([scene.secrets["caller key"]])


def test_a_restarted_admin_zone_holds_what_the_first_one_did(scene):
    first = scene.gateway.worker("admin")
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: scene.gateway.worker("admin") not in (None, first) and
               scene.gateway.metrics_get("/status/ready")[0] == 200, "another admin worker serves")
    with closing(scene.use()):
        check_that_it_is_found(scene.look())


def test_what_was_replaced_is_gone(scene):
    with closing(scene.use()):  # a connection that was made with the old certificate, and stays
        old = scene.rotate()
        with closing(scene.use()):
            check_that_it_is_found(scene.look())
        # The variables themselves cannot be replaced while the gateway runs.
        allowed = {secret.name: (NOWHERE, SUPERVISOR if "variable" in secret.name else NOWHERE) for secret in old}
        scene.look(old, allowed)


def test_an_upgrade_replaces_what_the_start_has_read(scene):
    """SIGUSR2: the supervisor executes its program again, reads its configuration again and replaces every worker."""
    old, new = scene.secrets["admin key"], Secret("admin key")
    scene.secrets["admin key"] = new
    configuration = scene.gateway.config_path.read_text()
    scene.gateway.config_path.write_text(configuration.replace(old.text, new.text))
    since = len(scene.gateway.log())
    before = processes(scene.gateway)[1:]
    scene.gateway.signal(signal.SIGUSR2)
    scene.gateway.wait_for_log("upgrade complete", timeout=60, since=since)
    wait_until(lambda: not set(before) & set(processes(scene.gateway)), "the old workers are gone")
    with closing(scene.use()):
        check_that_it_is_found(scene.look())
    scene.look([old], {old.name: (NOWHERE, NOWHERE)})


def test_the_child_that_reads_everything(tmp_path):
    """It knows all secrets, says none, and is gone before the first worker starts. Nobody is there to read them from,
    the supervisor least of all. A named pipe makes it wait."""
    wanted = [Secret("variable"), Secret("configuration")]
    pipe = tmp_path / "gateway" / "config.yaml"
    gateway = Gateway(tmp_path / "gateway", {}, {"admin": {"admin_keys": [wanted[1].text]}}, wait=False,
                      environment={"SECRET": wanted[0].text}, program=launcher(), prepare=lambda: make_pipe(pipe))
    try:
        def reader():
            return children_of(gateway.pid).get("aisix-bootstrap")

        [child] = wait_until(reader, "the child runs")
        assert found_in(pathlib.Path(f"/proc/{child}/cmdline").read_bytes(), wanted) == set()
        wait_until(lambda: in_memory(child, wanted) == {"variable"}, "it has its environment")
        assert set(children_of(gateway.pid)) == {"aisix-bootstrap"}
        places = {**{where: search(gateway.pid, wanted) for where, search in (("memory", in_memory), ("show", on_show))},
                  "files": in_files(gateway.pid, wanted)}
        assert places == {"memory": set(), "show": set(), "files": {"variable"}}
        with open(pipe, "wb"):
            pass
        assert gateway.wait() == 1  # a pipe is no configuration file
        assert not pathlib.Path(f"/proc/{child}").exists()
    finally:
        gateway.stop()


def make_pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.skipif(not have_etcd(), reason="etcd is not installed")
def test_credentials_of_etcd(tmp_path, mock):
    """Password and client key are in the admin zone alone; documents are as from a file."""
    authority = Authority(tmp_path, "authority")
    shutil.copy(authority.certificate, tmp_path / "ca.pem")
    for name in ("server", "client"):
        certificate, key = authority.issue(name)
        shutil.copy(certificate, tmp_path / f"{name}.pem")
        shutil.copy(key, tmp_path / f"{name}-key.pem")
    secrets = {"etcd password": Secret("etcd password"), "provider key": Secret("provider key"),
               "etcd client key": PrivateKey("etcd client key", tmp_path / "client-key.pem")}
    etcd = Etcd(tmp_path / "etcd", tls=tmp_path)
    gateway = None
    try:
        for arguments in (("user", "add", "root:root-secret"), ("user", "add", f"gateway:{secrets['etcd password'].text}"),
                          ("user", "grant-role", "root", "root"), ("user", "grant-role", "gateway", "root"), ("auth", "enable")):
            etcd.ctl(*arguments)
        etcd.user = "root:root-secret"

        def put(secret):
            etcd.put("/aisix/provider_keys/pk", etcd_provider_key(mock.base, api_key=secret.text))

        put(secrets["provider key"])
        etcd.put("/aisix/models/chat", etcd_model("chat"))
        files = {"ca_cert_file": "ca.pem", "client_cert_file": "client.pem", "client_key_file": "client-key.pem"}
        settings = {"etcd": {"user": "gateway", "password_env": "ETCD_SECRET",
                             "tls": {name: str(tmp_path / file) for name, file in files.items()}}}
        gateway = EtcdGateway(tmp_path / "gateway", etcd.endpoints, settings, {"ETCD_SECRET": secrets["etcd password"].text},
                              program=launcher())
        own_files = [tmp_path / name for name in files.values()]
        check_that_it_is_found(look(gateway, secrets.values(), own_files, ALLOWED))
        # The client's key is replaced; the connection that was made with the old one stays.
        old = secrets["etcd client key"]
        for source, path in zip(authority.issue("client-2"), (tmp_path / "client.pem", tmp_path / "client-key.pem")):
            replace(path, source)
        secrets["etcd client key"] = PrivateKey("etcd client key", tmp_path / "client-key.pem")
        gateway.wait_for_log("etcd certificates read again")
        check_that_it_is_found(look(gateway, secrets.values(), own_files, ALLOWED))
        look(gateway, [old], own_files, {old.name: (NOWHERE, NOWHERE)})
        # The provider's is replaced, then removed.
        old, secrets["provider key"] = secrets["provider key"], Secret("provider key")
        put(secrets["provider key"])
        gateway.wait_for_revision(etcd.revision())
        check_that_it_is_found(look(gateway, secrets.values(), own_files, ALLOWED))
        look(gateway, [old], own_files, {"provider key": (NOWHERE, NOWHERE)})
        etcd.delete("/aisix/provider_keys/pk")
        gateway.wait_for_revision(etcd.revision())
        look(gateway, [secrets["provider key"]], own_files, {"provider key": (NOWHERE, NOWHERE)})
    finally:
        if gateway is not None:
            gateway.stop()
        etcd.stop()
