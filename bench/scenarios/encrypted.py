"""(e) TLS towards the caller, and towards the provider."""

import socket
import ssl
import sys
import time

from .load import chat, wrk, write_script
from .pairs import alternate
from .processes import cpu_seconds
from .sides import KEY, Certificate
from .whole import compare


def context():
    one = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    one.check_hostname, one.verify_mode = False, ssl.CERT_NONE
    return one


def negotiated_cipher(side):
    with socket.create_connection(("127.0.0.1", side.port)) as plain, context().wrap_socket(plain) as connection:
        return connection.cipher()[0]


def resumed_requests(side, body, seconds):
    """One connection per request, each with the session of the one before."""
    head = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n"
            f"Authorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()
    client, session, requests = context(), None, 0
    before, began = cpu_seconds(side.pid), time.monotonic()
    while time.monotonic() < began + seconds:
        with socket.create_connection(("127.0.0.1", side.port)) as plain:
            with client.wrap_socket(plain, session=session, suppress_ragged_eofs=True) as connection:
                connection.sendall(head)
                reply = b""
                while piece := connection.recv(65536):
                    reply += piece
                if not reply.startswith(b"HTTP/1.1 200"):
                    sys.exit(f"{side.name}: {reply[:200]}")
                if requests > 0 and not connection.session_reused:
                    sys.exit(f"{side.name} did not resume the session")
                session = connection.session
                requests += 1
    return {"requests_per_second": requests / (time.monotonic() - began),
            "cpu_us_per_request": (cpu_seconds(side.pid) - before) * 1e6 / requests}


def e(run):
    body = chat(mock={"reply_bytes": 500})
    certificate = Certificate(run.directory)
    gateway = run.rig.ready(run.rig.gateway(certificate=certificate), body)
    cipher = negotiated_cipher(gateway)
    nginx = run.rig.ready(run.rig.nginx(certificate=certificate, cipher=cipher), body)
    if negotiated_cipher(nginx) != cipher:
        sys.exit(f"nginx does not speak {cipher}")
    sides = [gateway, nginx]
    script = write_script(run.directory / "tls.lua", body)
    for connections in (1, 64):
        compare(run, "e", "TLS towards the caller", sides, script, connections, cipher=cipher)
    figures = alternate(sides, lambda side: resumed_requests(side, body, run.seconds), run.rounds)
    run.add({"scenario": "e", "case": "TLS, each request a resumed connection", "connections": 1, "cipher": cipher,
             "figures": figures})
    large = write_script(run.directory / "tls-large.lua", chat(mock={"reply_bytes": 2_000_000}))
    compare(run, "e", "TLS towards the caller, 2 MB reply", sides, large, 4, cipher=cipher)
    for side in sides:
        run.stage.stop(side.process)

    provider = run.rig.tls_provider(certificate)
    sides = [run.rig.ready(run.rig.gateway(provider=provider), body), run.rig.ready(run.rig.nginx(provider=provider), body)]
    for side in sides:
        wrk(side, script, 16, 1)
    compare(run, "e", "TLS towards the provider", sides, script, 64)
    for side in sides:
        run.stage.stop(side.process)
