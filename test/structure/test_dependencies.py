"""Dependencies point one way (DESIGN §4): read from the includes of the sources."""

import re

import pytest

# As in lib/CMakeLists.txt: a folder includes only folders named before it.
LIB_ORDER = ["os", "persistent", "log", "json", "url", "crypto", "config", "model", "destinations", "async", "net", "dns", "tls", "http", "usage",
             "metrics", "control", "ipc", "sandbox"]
WORKERS = ["supervisor", "proxy_worker", "admin_worker", "metrics_worker", "egress_worker", "exporter_worker"]
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)


@pytest.fixture(scope="session")
def includes(root, tracked):
    """[(path relative to the root, included name, whether in quotes)]"""
    found = []
    for path in tracked:
        if path.suffix in (".cc", ".h"):
            name = path.relative_to(root).as_posix()
            found += [(name, included, kind == '"') for kind, included in INCLUDE.findall(path.read_text())]
    assert len(found) > 100
    return found


def own(includes, *folders):
    return [entry for entry in includes if entry[0].split("/")[0] in folders]


def test_the_order_is_the_one_that_is_built(root):
    text = (root / "lib" / "CMakeLists.txt").read_text()
    assert re.search(r"foreach\(folder ([^)]*)\)", text).group(1).split() == LIB_ORDER


def test_lib_looks_back_only(includes):
    wrong = []
    for path, included, _ in own(includes, "lib"):
        top = included.split("/")[0]
        assert top not in (*WORKERS, "bench", "test"), f"{path} includes {included}"
        if top != "lib":
            continue
        mine, other = path.split("/")[1], included.split("/")[1]
        if LIB_ORDER.index(other) > LIB_ORDER.index(mine):
            wrong.append(f"{path} includes {included}")
    assert wrong == []


def test_workers_know_nothing_of_each_other(includes):
    wrong = [f"{path} includes {included}" for path, included, _ in own(includes, *WORKERS)
             if included.split("/")[0] in {*WORKERS, "bench", "test"} - {path.split("/")[0]}]
    assert wrong == []


def test_bench_shares_nothing_with_the_gateway(includes):
    """But for the worker that is measured without its lock."""
    assert [f"{path} includes {included}" for path, included, quoted in own(includes, "bench")
            if not path.startswith("bench/unlocked/") and included.split("/")[0] in ("lib", "proto", *WORKERS)] == []


def test_yaml_is_read_in_two_places(includes):
    allowed = ("supervisor/bootstrap/", "lib/config/", "admin_worker/source/", "test/")
    assert [path for path, included, _ in includes if included.startswith("yaml-cpp") and not path.startswith(allowed)] == []


def test_no_dom_on_the_request_path(includes):
    """nlohmann-json and valijson belong to the control plane."""
    assert [path for path, included, _ in own(includes, "proxy_worker")
            if included.startswith(("nlohmann", "valijson", "yaml-cpp"))] == []


def test_supervisor_includes_no_tls_no_grpc_no_json(includes):
    wrong = [(path, included) for path, included, _ in own(includes, "supervisor")
             if not path.startswith("supervisor/bootstrap/")
             and included.startswith(("openssl/", "grpc", "google/protobuf", "yaml-cpp", "nlohmann", "simdjson", "lib/tls",
                                      "lib/http", "lib/ipc", "lib/json", "proto/"))]
    assert wrong == []


def test_metrics_and_egress_include_no_tls(includes):
    assert [(path, included) for path, included, _ in own(includes, "metrics_worker", "egress_worker")
            if included.startswith(("openssl/", "lib/tls", "lib/crypto"))] == []


def test_etcd_is_known_in_one_place(root, tracked):
    sources = [path for path in tracked if path.suffix in (".cc", ".h")]
    wrong = [str(path.relative_to(root)) for path in sources
             if path.relative_to(root).parts[0] == "proxy_worker" and re.search("etcdserverpb", path.read_text())]
    assert wrong == []
