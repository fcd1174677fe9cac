"""(d) streamed chat: at full pace, one stream at a time, and 1,000 at once at 20 ms a chunk."""

from .load import chat, streams
from .pairs import alternate
from .processes import memory


def d(run):
    body = chat()
    gateway = run.shared("gateway", lambda: run.rig.ready(run.rig.gateway(), body))
    nginx = run.shared("nginx, unbuffered", lambda: run.rig.ready(run.rig.nginx(buffering=False), body))
    pace = run.directory / "full-pace.json"
    pace.write_text(chat(stream=True, mock={"chunks": 64}))
    slow = run.directory / "paced.json"
    slow.write_text(chat(stream=True, mock={"chunks": 64, "gap_ms": 20}))

    def compare(case, sides, file, count, seconds, ramp_ms=0, rounds=run.rounds):
        figures = alternate(sides, lambda side: streams(run.prefix, side, file, count, seconds, ramp_ms), rounds)
        for entry in (figures["first_us_p50"], figures["first_us_p99"], figures["gap_us_p50"], figures["gap_us_p99"]):
            direct = entry.get("provider")
            for side in ("gateway", "nginx"):
                if direct:
                    entry[side]["added"] = round(entry[side]["median"] - direct["median"], 1)
        run.add({"scenario": "d", "case": case, "connections": count, "figures": figures,
                 "memory": {side.name: memory(side.pid) for side in sides if side is not run.rig.provider}})

    three = [gateway, nginx, run.rig.provider]
    compare("streams of 64 chunks at full pace", three, pace, 16, run.seconds)
    compare("one stream at a time", three, pace, 1, run.seconds)
    # Twice: 64 chunks of 20 ms are 1.3 s.
    compare("1,000 streams, a chunk each 20 ms", three, slow, 1000, 1.5, ramp_ms=1000)
