import pathlib
import resource
import socket
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))

from attack import BINARIES, Installation  # noqa: E402
from authority import Authority  # noqa: E402
from kernel import mask_landlock  # noqa: E402
from long_tests import pytest_addoption, pytest_collection_modifyitems  # noqa: E402, F401
from processes import Gateway, Mock, wait_until  # noqa: E402
from resources import resources  # noqa: E402


def pytest_configure(config):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if not (BINARIES / "aisix-redteam-proxy").exists():
        raise pytest.UsageError(f"{BINARIES} has no attackers: build the target `redteam` first (./test.sh --e2e does)")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            site = getattr(value, "gateway", value)
            if isinstance(site, Gateway):
                report.sections.append((f"log of {name}", site.log()[-9000:]))


class Site:
    """A gateway with everything that an attacker could want, and what is around it."""

    def __init__(self, directory, mock, masked=False, with_etcd=False):
        self.directory = pathlib.Path(directory)
        self.masked = masked
        self.installation = Installation(self.directory / "prefix")
        authority = Authority(self.directory, "authority")
        proxy_tls, admin_tls = authority.issue("proxy"), authority.issue("admin")
        etcd_key = authority.issue("etcd-client")[1]
        # Listeners that stand for what must not be reached.
        self.listeners = [socket.create_server(("127.0.0.1", 0), backlog=512) for _ in range(2)]
        unlisted, etcd = (f"127.0.0.1:{one.getsockname()[1]}" for one in self.listeners)
        local = socket.socket(socket.AF_UNIX)
        local.bind(str(self.directory / "socket"))
        local.listen(64)
        abstract_name = f"aisix-redteam-{id(self)}-{unlisted}"
        abstract = socket.socket(socket.AF_UNIX)
        abstract.bind("\0" + abstract_name)
        abstract.listen(64)
        self.listeners += [local, abstract]
        for name in ("scratch", "expendable"):
            (self.directory / name).write_text("x")
        state = self.directory / "state"
        state.mkdir(mode=0o700)
        settings = {"proxy": {"tls": {"cert_file": str(proxy_tls[0]), "key_file": str(proxy_tls[1])}},
                    "admin": {"tls": {"cert_file": str(admin_tls[0]), "key_file": str(admin_tls[1])}},
                    "isolation": "best_effort" if masked else "enforce"}
        if with_etcd:
            settings.update({"resources_file": None, "etcd": {"endpoints": [f"http://{etcd}"]},
                             "managed": {"snapshot_cache_path": str(state / "config_cache.json")}})
        self.authority = authority
        self.gateway = Gateway(self.directory / "gateway", resources(mock.base), settings, wait=False,
                               program=(self.installation.gateway,), prepare=mask_landlock if masked else None)
        # Nothing answers in etcd's place, so that nothing is configured either.
        for zone in ("egress", "admin", "metrics", "proxy")[:3 if with_etcd else 4]:
            self.gateway.wait_for_log(f"worker ready worker={zone}")
        self.targets = {
            "config": self.gateway.config_path, "resources": self.gateway.resources_path, "tls_key": proxy_tls[1],
            "etcd_key": etcd_key, "directory": self.directory, "state": state,
            "scratch": self.directory / "scratch", "expendable": self.directory / "expendable", "unlisted": unlisted, "etcd": etcd,
            "configured_port": "127.0.0.9:" + mock.url.rsplit(":", 1)[1],
            "proxy": self.gateway._listening("proxy"), "admin": self.gateway._listening("admin"),
            "metrics": self.gateway._listening("metrics"), "unix_path": self.directory / "socket",
            "unix_abstract": abstract_name}

    def stop(self):
        self.gateway.stop()
        for one in self.listeners:
            one.close()


@pytest.fixture(scope="session")
def mock(tmp_path_factory):
    process = Mock(tmp_path_factory.mktemp("mock"))
    yield process
    process.stop()
