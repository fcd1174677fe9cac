"""What is measured on a stand."""

import pathlib
import re
import subprocess
import sys
import threading
import time
import urllib.request

from scenarios.processes import family, settled

from . import documents
from .stand import Caller
from .store import transactions

BULK = 10_000


def zone_of(pid):
    name = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
    return re.sub(r"^aisix-|-worker$", "", pathlib.Path(name).name).replace("aisix", "supervisor")


def memory(stand):
    """{zone: MiB}, once the gateway is quiet."""
    stand.gateway.name = "gateway"
    settled(stand.gateway)
    zones = {}
    for pid in family(stand.gateway.pid):
        try:
            text, line = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), "Pss:"
        except PermissionError:
            text, line = pathlib.Path(f"/proc/{pid}/status").read_text(), "VmRSS:"
        size = sum(int(part.split()[1]) for part in text.splitlines() if part.startswith(line)) / 1024
        zones[zone_of(pid)] = round(zones.get(zone_of(pid), 0) + size, 2)
    return zones


def percentiles(values):
    ordered = sorted(values)
    at = lambda share: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)  # noqa: E731
    return {"p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "max": round(ordered[-1], 2), "count": len(ordered)}


def changes(stand, count):
    """Milliseconds from a put until a request sees it: new keys, disabled keys, new models in turn."""
    caller = Caller(stand.port)
    taken = {"key added": [], "key disabled": [], "model added": []}

    def timed(kind, key, document, seen):
        start = time.perf_counter()
        stand.store.put(key, document)
        while not seen():
            if time.perf_counter() - start > 10:
                sys.exit(f"a change is not seen after 10 s: {kind}")
        taken[kind].append((time.perf_counter() - start) * 1000)

    for i in range(count):
        number = stand.keys + i // 3
        secret = documents.secret(number)
        if i % 3 == 0:
            timed("key added", documents.key_of("api_keys", number), documents.caller(number),
                  lambda: caller.status(secret, "none-such") != 401)
        elif i % 3 == 1:
            timed("key disabled", documents.key_of("api_keys", number), documents.caller(number, disabled=True),
                  lambda: caller.status(secret, "none-such") == 401)
        else:
            name = f"new-model-{number}"
            timed("model added", documents.key_of("models", stand.models + number),
                  documents.model(number, stand.provider_keys, display_name=name),
                  lambda: caller.status(documents.secret(1), name) == 200)
    result = {kind: percentiles(values) for kind, values in taken.items() if values}
    result["all"] = percentiles([value for values in taken.values() for value in values])
    return result


def paced(stand, seconds):
    """Latency of requests at a fixed pace, in milliseconds: wrk, 16 connections, each with pauses of 10 ms."""
    script = stand.directory / "paced.lua"
    script.write_text(f"""
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {documents.secret(1)}"
wrk.body = '{{"model":"model-00001","messages":[{{"role":"user","content":"hello"}}]}}'
delay = function() return 10 end
done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, latency:percentile(50), latency:percentile(99),
                         latency.max, summary.errors.status + summary.errors.read + summary.errors.timeout))
end""")
    text = subprocess.run(["wrk", "-t1", "-c16", f"-d{max(1, round(seconds))}s", "-s", script,
                           f"http://127.0.0.1:{stand.port}/v1/chat/completions"], capture_output=True, text=True, check=True).stdout
    requests, p50, p99, most, errors = map(int, re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", text).groups())
    return {"requests": requests, "p50": p50 / 1000, "p99": p99 / 1000, "max": most / 1000, "errors": errors}


def latency(stand, seconds):
    """Alone, and while documents change, 10,000 after 10,000, until the load is over."""
    alone = paced(stand, seconds)
    batches = []
    for turn in range(2):
        last = min(BULK, stand.keys)
        pairs = [(documents.key_of("api_keys", i), documents.caller(i, display_name=f"turn-{turn}-{i}"))
                 for i in range(2, last)]
        pairs += [(documents.key_of("models", i), documents.model(i, stand.provider_keys, timeout=1000 * (30 + turn)))
                  for i in range(2, min(stand.models, 2 + BULK - len(pairs)))]
        batches += transactions(pairs)
    over = threading.Event()
    sent = [0]

    def change():
        while not over.is_set():
            for body in batches:
                if over.is_set():
                    return
                stand.store.call("/v3/kv/txn", body)
                sent[0] += body.count("requestPut")

    changer = threading.Thread(target=change)
    changer.start()
    during = paced(stand, seconds)
    over.set()
    changer.join()
    during["documents_changed"] = sent[0]
    return {"alone": alone, "during_changes": during}


def figures(stand):
    """What the gateway says of itself."""
    with urllib.request.urlopen(f"http://127.0.0.1:{stand.metrics_port}/metrics", timeout=30) as reply:
        text = reply.read().decode()
    values = {}
    for line in text.splitlines():
        if line.startswith(("aisix_snapshot_swap_seconds", "aisix_config_push", "aisix_config_propagation")):
            name, value = line.rsplit(" ", 1)
            values[name] = float(value)
    count = values.get("aisix_snapshot_swap_seconds_count", 0)
    within = values.get('aisix_snapshot_swap_seconds_bucket{le="0.001"}', 0)
    return {"swaps": int(count), "swaps_over_1_ms": int(count - within), "metrics": values}
