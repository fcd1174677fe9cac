"""`aisix export`: what lies in etcd as a resources file, which another gateway serves."""

import re
import stat

import httpx
import pytest
from etcd import Etcd, model, write_base
from processes import run_gateway
from resources import KEY


@pytest.fixture(scope="module")
def etcd(tmp_path_factory, mock):
    server = Etcd(tmp_path_factory.mktemp("etcd"))
    write_base(server, mock.base)
    yield server
    server.stop()


def test_exported_validated_served(etcd, tmp_path, start_gateway, mock):
    path = tmp_path / "resources.yaml"
    path.write_text("old")
    path.chmod(0o644)
    code, out, error = run_gateway("export", "--etcd", etcd.endpoints[0], "-o", path)
    assert code == 0, error
    assert out == ""
    assert error.startswith(f"Exported 3 resource(s) to {path}\n")
    assert "AISIXSECRET_PROVIDER_KEY_MOCK_API_KEY" in error
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert text.startswith('---\n_format_version: "1"\nprovider_keys:\n') and text.endswith("\n")
    assert "sk-provider" not in text
    environment = {"AISIXSECRET_PROVIDER_KEY_MOCK_API_KEY": "sk-provider"}
    code, out, error = run_gateway("validate", "--resources", path, environment=environment)
    assert (code, error) == (0, ""), error
    assert "loaded 3 resource(s)" in out
    gateway = start_gateway(text, environment=environment)
    reply = httpx.post(gateway.base + "/chat/completions", headers={"authorization": f"Bearer {KEY}"}, timeout=30,
                       json={"model": "chat", "messages": [{"role": "user", "content": "x"}]})
    assert reply.status_code == 200, reply.text


def test_to_stdout_with_secrets_through_the_second_endpoint(etcd):
    code, out, error = run_gateway("export", "--etcd", f"http://127.0.0.1:1,{etcd.endpoints[0]}", "--reveal-secrets")
    assert code == 0, error
    assert 'api_key: "sk-provider"' in out and "Exported 3 resource(s) to stdout" in error
    assert "AISIXSECRET" not in out + error


def test_another_prefix(etcd, mock):
    write_base(etcd, mock.base, prefix="/tenants/a")
    code, out, error = run_gateway("export", "--etcd", etcd.endpoints[0], "--prefix", "/tenants/a/")
    assert code == 0 and "Exported 3 resource(s)" in error


def test_incomplete_exports_say_so(etcd, mock):
    etcd.put("/broken/models/bad", "{")
    etcd.put("/broken/cache_policies/good", {"name": "good"})
    code, out, error = run_gateway("export", "--etcd", etcd.endpoints[0], "--prefix", "/broken")
    assert code == 1
    assert "good" in out
    assert re.search(r"^rejected: /broken/models/bad: non_json: parse error", error, re.M)
    assert "Error: export omitted 1 rejected entry; the resources file is incomplete." in error
    etcd.delete("/broken/models/bad")
    etcd.put("/broken/models/loose", model("loose", provider_key_id="nobody"))
    code, out, error = run_gateway("export", "--etcd", etcd.endpoints[0], "--prefix", "/broken")
    assert code == 1
    assert "Error: export completed with 1 blocking issue(s); the resources file will not load as-is" in error
    assert "loose" in out


def test_no_etcd_there():
    code, out, error = run_gateway("export", "--etcd", "http://127.0.0.1:1")
    assert code == 1 and out == ""
    assert "attempt 2 of 3" in error and "Error: etcd connect failed: etcd connection failed: " in error
