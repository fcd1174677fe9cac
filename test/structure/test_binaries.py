"""What the installed binaries link: no process holds more than its zone needs (DESIGN §1, §5)."""

import re
import subprocess

import pytest

WORKERS = ["aisix-proxy-worker", "aisix-admin-worker", "aisix-metrics-worker", "aisix-egress-worker"]
ALL = ["aisix", *WORKERS]
TLS = r"lib(ssl|crypto)\.so"
GRPC = r"libgrpc|libgpr|libprotobuf"
YAML = r"libyaml-cpp"


@pytest.fixture(scope="session")
def binary(prefix):
    def find(name):
        for folder in ("bin", "libexec/aisix"):
            if (prefix / folder / name).exists():
                return prefix / folder / name
        pytest.fail(f"{name} is not installed in {prefix}")

    return find


def libraries(path):
    """{soname: file} of everything that the loader would bring in."""
    text = subprocess.run(["ldd", str(path)], capture_output=True, text=True, check=True).stdout
    assert "not found" not in text, text
    return dict(re.findall(r"^\s*(\S+) => (\S+)", text, re.M))


def symbols(path):
    """Defined and undefined, of the static and the dynamic table, demangled."""
    text = ""
    for option in ([], ["-D"]):
        text += subprocess.run(["nm", "-C", *option, str(path)], capture_output=True, text=True, check=False).stdout
    assert text, "no symbols: is the binary stripped?"
    return text


def linked(path, pattern):
    return {name: file for name, file in libraries(path).items() if re.match(pattern, name)}


@pytest.mark.parametrize("name", ALL)
def test_no_openssl(binary, name):
    """BoringSSL is the only TLS library in any process."""
    for soname, file in linked(binary(name), TLS).items():
        assert "/android/" in file or "boringssl" in file, f"{name} loads {file}"
        assert not soname.endswith((".so.3", ".so.1.1")), f"{name} loads {soname}"
    assert linked(binary(name), r"libgrpc\+\+\.so|libgrpc\.so") == {}, "the gRPC build with TLS is linked"


@pytest.mark.parametrize("name", ["aisix", "aisix-metrics-worker", "aisix-egress-worker"])
def test_no_tls(binary, name):
    assert linked(binary(name), TLS) == {}
    assert not re.search(r"\bSSL_(new|read|write|CTX_new)\b", symbols(binary(name)))


def test_supervisor_links_no_protocol(binary):
    path = binary("aisix")
    assert linked(path, f"{GRPC}|{YAML}|libcares|libsimdjson") == {}
    assert not re.search(r"\b(YAML|grpc|google::protobuf|simdjson)::", symbols(path))


@pytest.mark.parametrize("name", ["aisix-proxy-worker", "aisix-metrics-worker", "aisix-egress-worker"])
def test_no_yaml_no_etcd(binary, name):
    path = binary(name)
    assert linked(path, YAML) == {}
    assert not re.search(r"\bYAML::|etcdserverpb", symbols(path))


def test_proxy_has_no_dom(binary):
    assert not re.search(r"\bvalijson::", symbols(binary("aisix-proxy-worker")))


def test_only_egress_resolves_names(binary):
    for name in ("aisix-proxy-worker", "aisix-metrics-worker"):
        assert not re.search(r" U (getaddrinfo|gethostbyname)\b", symbols(binary(name))), name


@pytest.mark.parametrize("name", WORKERS)
def test_modes(binary, name):
    """A worker that cannot be read stays undumpable across execve."""
    assert binary(name).stat().st_mode & 0o777 in (0o711, 0o755)
    assert binary(name).parent.name == "aisix"
