"""(f) memory: idle, with 10,000 idle connections, with 1,000 open streams, and 30 s after the load."""

import resource
import socket
import subprocess
import sys
import time

from .load import chat, stream_command, wrk, write_script
from .processes import memory, settled
from .sides import KEY

IDLE_CONNECTIONS = 10_000
STREAMS = 1_000
SETTLE_SECONDS = 30


def raise_descriptor_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < IDLE_CONNECTIONS + 1000:
        sys.exit(f"{IDLE_CONNECTIONS} connections need more than {hard} descriptors: raise RLIMIT_NOFILE")


def idle_connections(side, count):
    """Connections that were used once and are kept."""
    body = chat(100)
    request = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
               f"Authorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()
    kept = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", side.port))
        connection.sendall(request)
        reply = b""
        while b'"usage"' not in reply or not reply.rstrip().endswith(b"}"):
            piece = connection.recv(65536)
            if not piece:
                sys.exit(f"{side.name} closed a connection: {reply[:200]}")
            reply += piece
        kept.append(connection)
    return kept


def chosen(figures):
    return figures["proportional_mib"] if figures["proportional_mib"] is not None else figures["resident_mib"]


def streams_open(run, side):
    """The largest of some samples while all streams are open."""
    body = run.directory / "memory.json"
    body.write_text(chat(stream=True, mock={"chunks": 200, "gap_ms": 20}))
    client = subprocess.Popen(stream_command(run.prefix, side, body, STREAMS, 0.9, 800), stdout=subprocess.PIPE)
    time.sleep(2)
    samples = []
    while client.poll() is None and len(samples) < 4:
        samples.append(memory(side.pid))
        time.sleep(0.3)
    client.communicate()
    return max(samples, key=chosen)


def lifetime(run, side):
    """The same side from its start to 30 s after the load."""
    seen = {"idle": memory(side.pid)}
    seen["1,000 open streams"] = streams_open(run, side)
    seen["kib_per_stream"] = round((chosen(seen["1,000 open streams"]) - chosen(seen["idle"])) * 1024 / STREAMS, 2)
    time.sleep(1)
    before = memory(side.pid)
    kept = idle_connections(side, IDLE_CONNECTIONS)
    seen["10,000 idle connections"] = memory(side.pid)
    seen["kib_per_idle_connection"] = round(
        (chosen(seen["10,000 idle connections"]) - chosen(before)) * 1024 / IDLE_CONNECTIONS, 2)
    for connection in kept:
        connection.close()
    wrk(side, write_script(run.directory / "memory.lua", chat(mock={"reply_bytes": 500})), 256, 2)
    time.sleep(SETTLE_SECONDS)
    seen["30 s after the load"] = memory(side.pid)
    seen["after_to_idle"] = round(chosen(seen["30 s after the load"]) / chosen(seen["idle"]), 3)
    return seen


def f(run):
    raise_descriptor_limit()
    body = chat(100)
    sides = [run.rig.ready(run.rig.gateway(), body), run.rig.ready(run.rig.nginx(connections=32768), body)]
    for side in sides:
        settled(side)
    run.add({"scenario": "f", "case": "memory", "memory_over_time": {side.name: lifetime(run, side) for side in sides}})
    for side in sides:
        run.stage.stop(side.process)
