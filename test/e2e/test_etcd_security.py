"""An etcd with TLS, client certificates, users and roles: the gateway with least privilege works, and every wrong
certificate or password gives a message that names the key or the file to mend."""

import re
import shutil
import signal

import pytest
from authority import Authority
from etcd import Etcd, EtcdGateway, model, write_base
from processes import wait_until

PASSWORD = "gateway-secret"
ENVIRONMENT = {"ETCD_SECRET": PASSWORD}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "etcd-ca")


@pytest.fixture(scope="module")
def other_authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"), "other-ca")


@pytest.fixture(scope="module")
def etcd(tmp_path_factory, authority, mock):
    tls = tmp_path_factory.mktemp("tls")
    shutil.copy(authority.certificate, tls / "ca.pem")
    # The server dials itself for its HTTP gateway: it needs a certificate for both directions.
    for name, names in (("server", "DNS:localhost,DNS:etcd.test,IP:127.0.0.1"), ("client", "DNS:client")):
        certificate, key = authority.issue(name, names)
        shutil.copy(certificate, tls / f"{name}.pem")
        shutil.copy(key, tls / f"{name}-key.pem")
    server = Etcd(tmp_path_factory.mktemp("etcd"), tls=tls, options=["--auth-token-ttl", "3600"])
    write_base(server, mock.base)
    # Least privilege: reading what lies below the prefix, nothing else.
    server.ctl("user", "add", "root:root-secret")
    server.ctl("role", "add", "gateway")
    server.ctl("role", "grant-permission", "gateway", "--prefix=true", "read", "/aisix")
    server.ctl("user", "add", f"gateway:{PASSWORD}")
    server.ctl("user", "grant-role", "gateway", "gateway")
    server.ctl("user", "add", "stranger:stranger-secret")
    server.ctl("user", "grant-role", "root", "root")
    server.ctl("auth", "enable")
    server.user = "root:root-secret"
    yield server
    server.stop()


@pytest.fixture
def start(tmp_path, etcd):
    started = []

    def make(endpoints=None, tls=(), environment=None, wait=False, **options):
        files = {"ca_cert_file": str(etcd.tls / "ca.pem"), "client_cert_file": str(etcd.tls / "client.pem"),
                 "client_key_file": str(etcd.tls / "client-key.pem")}
        block = {"user": "gateway", "password_env": "ETCD_SECRET",
                 "tls": None if tls is None else {**files, **dict(tls)}, **options}
        process = EtcdGateway(tmp_path / f"gateway{len(started)}", endpoints or etcd.endpoints, {"etcd": block},
                              environment=environment or ENVIRONMENT, wait=wait)
        started.append(process)
        return process

    yield make
    for process in started:
        process.stop()


def test_certificates_user_and_password(etcd, start):
    gateway = start(wait=True)
    gateway.wait_for_models(["chat"])
    etcd.put("/aisix/models/secure", model("secure"))
    gateway.wait_for_models(["chat", "secure"])
    # Users change: every token is older than the store.
    etcd.ctl("role", "add", "another")
    etcd.ctl("user", "add", "somebody:x")
    etcd.put("/aisix/models/secure", model("after-change"))
    gateway.wait_for_models(["after-change", "chat"])
    # etcd forgets its tokens with a restart.
    etcd.restart()
    etcd.put("/aisix/models/secure", model("after-restart"))
    gateway.wait_for_models(["after-restart", "chat"])
    etcd.delete("/aisix/models/secure")
    gateway.wait_for_models(["chat"])
    # A large transaction through TLS: more than one record and one frame each way.
    etcd.transaction([("put", f"/aisix/models/large-{n}", model(f"large-{n}", future="x" * 50_000)) for n in range(20)])
    wait_until(lambda: len(gateway.models()) == 21, "all are there")
    etcd.ctl("del", "--prefix", "/aisix/models/large-")
    gateway.wait_for_models(["chat"])


def test_names(etcd, start):
    """`localhost` is resolved without a name server; the first host is the name that the certificate must hold."""
    gateway = start([f"https://localhost:{etcd.ports[0][0]}"], wait=True)
    gateway.wait_for_models(["chat"])


def test_a_name_of_its_own(etcd, start):
    gateway = start(tls={"domain_name": "etcd.test"}, wait=True)
    gateway.wait_for_models(["chat"])


def expect(gateway, pattern):
    gateway.wait_for_log(pattern)
    assert gateway.metrics_get("/status/ready")[0] == 503


def test_wrong_authority(start, other_authority):
    expect(start(tls={"ca_cert_file": str(other_authority.certificate)}),
           r"certificate verify failed.*etcd\.tls\.ca_cert_file must hold the authority that signed etcd's certificate")


def test_wrong_name(start):
    expect(start(tls={"domain_name": "etcd.example"}),
           r"not valid for etcd\.example; etcd\.tls\.domain_name must be a name in etcd's certificate")


def test_foreign_client_certificate(start, other_authority):
    certificate, key = other_authority.issue("foreign")
    expect(start(tls={"client_cert_file": str(certificate), "client_key_file": str(key)}),
           r"etcd refused the client certificate: is etcd\.tls\.client_cert_file signed by an authority that etcd trusts")


def test_expired_client_certificate(start, authority):
    certificate, key = authority.issue("expired", days=-1)
    expect(start(tls={"client_cert_file": str(certificate), "client_key_file": str(key)}),
           r"etcd refused the client certificate: the certificate in etcd\.tls\.client_cert_file (expired on|is not valid before) 20")


def test_key_of_another_certificate(start, authority):
    _, key = authority.issue("another")
    gateway = start(tls={"client_key_file": str(key)})
    assert gateway.wait() == 1
    assert re.search(r"Error: etcd connect failed: etcd connection failed: etcd\.tls\.client_cert_file, etcd\.tls\.client_key_file: "
                     "private key does not belong to the certificate", gateway.log())


def test_plain_text_to_a_tls_port(etcd, start):
    gateway = start([url.replace("https", "http") for url in etcd.endpoints], tls=None, user=None, password_env=None)
    expect(gateway, r"expects TLS \(set etcd\.tls\)")


def test_tls_to_a_plain_port(start, mock):
    expect(start([mock.url.replace("http", "https")]), r"write http:// in etcd\.endpoints, without etcd\.tls")


def test_no_etcd_at_all(start, mock):
    expect(start([mock.url], tls=None, user=None, password_env=None), r"is no etcd")


def test_tls_with_a_plain_endpoint(start):
    gateway = start(["http://127.0.0.1:1"])
    assert gateway.wait() == 1
    assert 'Error: etcd connect failed: etcd connection failed: etcd.endpoints: "http://127.0.0.1:1" is plain text' in gateway.log()


def test_wrong_password(start):
    expect(start(environment={"ETCD_SECRET": "wrong"}),
           r"etcd refuses the credentials attempt=1 .*etcd\.user is .*gateway.*environment variable ETCD_SECRET")


@pytest.mark.long
def test_wrong_password_ends_the_start(start):
    gateway = start(environment={"ETCD_SECRET": "wrong"})
    assert gateway.wait(60) == 1
    assert re.search("Error: etcd connect failed: etcd connection failed: .*ETCD_SECRET", gateway.log())


def test_unknown_user(start):
    expect(start(user="nobody"), r"etcd refuses the credentials .*etcd\.user is .*nobody")


def test_no_permission(start):
    expect(start(user="stranger", environment={"ETCD_SECRET": "stranger-secret"}),
           r"permission denied; .*grant-permission <role> --prefix=true read /aisix")


def test_a_prefix_that_may_not_be_read(start):
    expect(start(prefix="/elsewhere"), r"permission denied; .*read /elsewhere")


def test_new_certificates_are_taken(etcd, start, authority, tmp_path):
    """Replaced files are read without a restart; unusable ones leave the earlier ones in use."""
    files = {name: tmp_path / name for name in ("cert.pem", "key.pem")}
    shutil.copy(etcd.tls / "client.pem", files["cert.pem"])
    shutil.copy(etcd.tls / "client-key.pem", files["key.pem"])
    gateway = start(tls={"client_cert_file": str(files["cert.pem"]), "client_key_file": str(files["key.pem"])}, wait=True)
    gateway.wait_for_models(["chat"])
    offset = len(gateway.log())
    files["key.pem"].write_text("no key\n")
    gateway.wait_for_log("etcd certificates refused, the previous ones stay in use", since=offset)
    offset = len(gateway.log())
    certificate, key = authority.issue("renewed", "DNS:renewed")
    shutil.copy(certificate, files["cert.pem"])
    shutil.copy(key, files["key.pem"])
    gateway.signal(signal.SIGHUP)
    gateway.wait_for_log("etcd certificates read again", since=offset)
    etcd.restart()
    etcd.put("/aisix/models/renewed", model("renewed"))
    gateway.wait_for_models(["chat", "renewed"])
    etcd.delete("/aisix/models/renewed")
