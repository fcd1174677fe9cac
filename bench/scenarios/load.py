"""Load generators: wrk for whole replies, the stream client for streams; and what they cost each side."""

import json
import re
import subprocess
import sys

from .processes import cpu_seconds
from .sides import KEY, caller_key

SENTENCE = "Say hello to the people of the world, and tell them what the weather will be like. "


def chat(prompt_bytes=1024, **members):
    """A request body whose prompt has about so many bytes; `mock`: how the provider answers."""
    prompt = (SENTENCE * (prompt_bytes // len(SENTENCE) + 1))[:prompt_bytes]
    return json.dumps({"model": "bench", "messages": [{"role": "user", "content": prompt}], "temperature": 0.7, **members})


def write_script(path, body, keys=0):
    """A script for wrk; with `keys` each request has another one of so many caller keys."""
    lines = ['wrk.method = "POST"', f"wrk.body = [==[{body}]==]", 'wrk.headers["Content-Type"] = "application/json"',
             f'wrk.headers["Authorization"] = "Bearer {KEY}"']
    if keys:
        # Strides through all keys, so that no two requests near each other have the same.
        prefix = caller_key(0)[:-6]
        lines += ["local number, requests = 0, {}", f"""
init = function(args)
  for i = 1, 4096 do
    number = (number + 61) % {keys}
    wrk.headers["Authorization"] = string.format("Bearer {prefix}%06d", number)
    requests[i] = wrk.format()
  end
  number = 0
end
request = function()
  number = number % 4096 + 1
  return requests[number]
end"""]
    path.write_text("\n".join(lines) + "\n")
    return path


def wrk(side, script, connections, seconds):
    before = cpu_seconds(side.pid)
    text = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "-s", str(script),
                           side.url], capture_output=True, text=True, check=True).stdout
    cpu = cpu_seconds(side.pid) - before
    if "Non-2xx" in text or "Socket errors" in text:
        sys.exit(f"{side.name} failed under load:\n{text}")
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    return {"requests_per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),
            "cpu_us_per_request": cpu * 1e6 / max(1, requests)}


def stream_command(prefix, side, body, streams, seconds, ramp_ms=0):
    return [str(prefix / "bin" / "aisix-stream-client"), "--port", str(side.port), "--body", str(body), "--key", KEY,
            "--streams", str(streams), "--milliseconds", str(int(seconds * 1000)), "--ramp-ms", str(ramp_ms)]


def streams(prefix, side, body, count, seconds, ramp_ms=0):
    """`body`: a file."""
    before = cpu_seconds(side.pid)
    text = subprocess.run(stream_command(prefix, side, body, count, seconds, ramp_ms), capture_output=True, text=True,
                          check=True).stdout
    cpu = cpu_seconds(side.pid) - before
    seen = json.loads(text)
    if seen["failed"] or not seen["events"]:
        sys.exit(f"{side.name}: streams failed: {text}")
    return {"chunks_per_second": seen["events"] / seen["seconds"], "cpu_us_per_chunk": cpu * 1e6 / seen["events"],
            "first_us_p50": seen["first_us"]["p50"], "first_us_p99": seen["first_us"]["p99"],
            "gap_us_p50": seen["gap_us"]["p50"], "gap_us_p99": seen["gap_us"]["p99"], "gap_us_max": seen["gap_us"]["max"],
            "stalled": seen["stalled"], "client_cpu_share": seen["cpu_seconds"] / seen["seconds"]}
