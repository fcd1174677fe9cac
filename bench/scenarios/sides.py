"""The two sides of the comparison, gateway and nginx, and the provider behind both."""

import hashlib
import json
import shutil
import ssl
import subprocess
import urllib.request

from .processes import free_port, wait_until

KEY = "sk-bench"
COMPLETION = json.dumps({
    "id": "chatcmpl-bench", "object": "chat.completion", "created": 1700000000, "model": "mock",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello! " + "word " * 60, "refusal": None},
                 "logprobs": None, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 61, "total_tokens": 70}})


class Side:
    def __init__(self, name, process, port, tls=False):
        self.name, self.process, self.port, self.tls = name, process, port, tls
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{port}/v1/chat/completions"

    @property
    def pid(self):
        return self.process.pid

    def answers(self, body):
        request = urllib.request.Request(self.url, body.encode(), {
            "content-type": "application/json", "authorization": f"Bearer {KEY}"})
        context = ssl._create_unverified_context() if self.tls else None
        try:
            with urllib.request.urlopen(request, timeout=5, context=context) as reply:
                return b'"chat.completion"' in reply.read()
        except OSError:
            return False


class Rig:
    """Makes sides. Everything they read and write is in `directory`. `launcher` is put before the gateway's command."""

    def __init__(self, stage, prefix, directory, launcher=(), isolation="enforce", workers=1):
        self.stage, self.prefix, self.directory, self.workers = stage, prefix, directory, workers
        self.launcher, self.isolation = launcher, isolation
        self.number = 0
        self.provider_port = free_port()
        process = stage.start([prefix / "bin" / "aisix-mock-provider", "--port", self.provider_port],
                              directory / "provider.log")
        self.provider = Side("provider", process, self.provider_port)

    def ready(self, side, body):
        wait_until(lambda: side.answers(body), f"{side.name} answers")
        return side

    def path(self, name):
        self.number += 1
        return self.directory / f"{self.number}-{name}"

    def gateway(self, log=False, certificate=None, provider=None, keys=0, name="gateway"):
        """`certificate`: of the proxy listener. `provider`: (URL, CA file) in place of the mock. `keys`: so many more."""
        port = free_port()
        url, ca_file = provider or (f"http://127.0.0.1:{self.provider_port}/v1", None)
        callers = [{"display_name": f"caller-{i}", "allowed_models": ["bench"],
                    "key_hash": hashlib.sha256(caller_key(i).encode()).hexdigest()} for i in range(keys)]
        resources = self.path("resources.yaml")
        resources.write_text(json.dumps({
            "_format_version": "1",
            "provider_keys": [{"display_name": "mock", "provider": "openai", "api_key": "sk-upstream", "api_base": url}],
            "models": [{"display_name": "bench", "provider": "openai", "model_name": "mock", "provider_key": "mock"}],
            "api_keys": [{"display_name": "bench", "key_env": "BENCH_KEY", "allowed_models": ["bench"]}, *callers]}))
        proxy = {"addr": f"127.0.0.1:{port}", "workers": self.workers}
        if certificate:
            proxy["tls"] = {"cert_file": str(certificate.file), "key_file": str(certificate.key)}
        configuration = {
            "resources_file": str(resources), "isolation": self.isolation, "proxy": proxy, "admin": {"enabled": False},
            "observability": {"metrics": {"prometheus": {"addr": "127.0.0.1:0"}}}, "shutdown": {"min_drain_secs": 0}}
        if ca_file:
            configuration["upstream"] = {"tls": {"ca_file": str(ca_file)}}
        file = self.path("gateway.yaml")
        file.write_text(json.dumps(configuration))
        process = self.stage.start([*self.launcher, self.prefix / "bin" / "aisix", "--config", file], self.path("gateway.log"),
                                   {"BENCH_KEY": KEY, "RUST_LOG": "info" if log else "warn"})
        return Side(name, process, port, certificate is not None)

    def nginx(self, log=False, certificate=None, cipher=None, provider=None, connections=4096, buffering=True):
        """The same as a plain reverse proxy; `cipher`: the one that TLS 1.3 may use."""
        port = free_port()
        server, upstream = "", f"127.0.0.1:{self.provider_port}"
        scheme = "http"
        if certificate:
            server += tls_server(certificate, cipher)
        if provider:
            upstream, scheme = provider[0].split("/")[2], "https"
            server += (f"proxy_ssl_trusted_certificate {provider[1]}; proxy_ssl_verify on; proxy_ssl_name localhost; "
                       "proxy_ssl_server_name on; proxy_ssl_protocols TLSv1.2 TLSv1.3;")
        process = self.start_nginx(f"""
  access_log {self.path("access.log") if log else "off"};
  upstream provider {{ server {upstream}; keepalive 2048; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} {"ssl" if certificate else ""} backlog=4096;
    client_max_body_size 0;
    {server}
    location / {{
      proxy_pass {scheme}://provider; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering {"on" if buffering else "off"};
    }}
  }}
""", connections)
        return Side("nginx", process, port, certificate is not None)

    def start_nginx(self, http, connections=4096):
        # No body goes through a file: that would be a comparison with a disk.
        file = self.path("nginx.conf")
        file.write_text(f"""
daemon off; master_process on; worker_processes {self.workers}; worker_rlimit_nofile {2 * connections + 100};
pid {file}.pid; error_log {file}.error.log;
events {{ worker_connections {connections}; }}
http {{
  client_body_temp_path {self.directory}; proxy_temp_path {self.directory}; fastcgi_temp_path {self.directory};
  uwsgi_temp_path {self.directory}; scgi_temp_path {self.directory};
  client_body_buffer_size 256k; proxy_buffers 16 32k; proxy_buffer_size 32k; proxy_busy_buffers_size 64k; proxy_max_temp_file_size 0;
  keepalive_requests 1000000000; keepalive_timeout 1h;
{http}
}}
""")
        program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        return self.stage.start([program, "-p", self.directory, "-c", file], self.path("nginx.log"))

    def tls_provider(self, certificate):
        """(URL, CA file) of a provider that speaks TLS: it answers every request with the same completion."""
        port = free_port()
        process = self.start_nginx(f"""
  access_log off;
  server {{
    listen 127.0.0.1:{port} ssl backlog=4096;
    {tls_server(certificate, "TLS_AES_128_GCM_SHA256")}
    location / {{ default_type application/json; return 200 '{COMPLETION}'; }}
  }}
""")
        side = Side("TLS provider", process, port, True)
        self.ready(side, "{}")
        return f"https://127.0.0.1:{port}/v1", certificate.file


def caller_key(number):
    return f"sk-caller-{number:06}"


def tls_server(certificate, cipher):
    ciphers = f"ssl_conf_command Ciphersuites {cipher};" if cipher else ""
    return (f"ssl_certificate {certificate.file}; ssl_certificate_key {certificate.key}; ssl_protocols TLSv1.2 TLSv1.3; "
            f"ssl_session_cache shared:bench:10m; ssl_session_tickets on; ssl_session_timeout 1h; {ciphers}")


class Certificate:
    """A self-signed one, for localhost and 127.0.0.1."""

    def __init__(self, directory):
        self.file, self.key = directory / "certificate.pem", directory / "certificate.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "7", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", self.key, "-out", self.file], check=True, capture_output=True)
        self.key.chmod(0o644)
