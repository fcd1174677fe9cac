"""(a) whole chat, (b) large prompt, (c) large reply, (g) many caller keys."""

from .load import chat, wrk, write_script
from .pairs import alternate
from .processes import memory, settled
from .sides import Side

KEYS = 100_000


def compare(run, scenario, case, sides, script, connections, **more):
    figures = alternate(sides, lambda side: wrk(side, script, connections, run.seconds), run.rounds)
    run.add({"scenario": scenario, "case": case, "connections": connections, "figures": figures,
             "memory": {side.name: memory(side.pid) for side in sides}, **more})


def plain(run):
    """Gateway and nginx without a log, started once for all scenarios that want them so."""
    body = chat()
    return [run.shared("gateway", lambda: run.rig.ready(run.rig.gateway(), body)),
            run.shared("nginx", lambda: run.rig.ready(run.rig.nginx(), body))]


def a(run):
    script = write_script(run.directory / "whole.lua", chat(mock={"reply_bytes": 500}))
    sides = plain(run)
    for side in sides:
        wrk(side, script, 16, 1)  # warm
    for connections in (1, 16, 64, 256):
        compare(run, "a", "whole chat", sides, script, connections)
    logged = [run.rig.ready(run.rig.gateway(log=True), chat()), run.rig.ready(run.rig.nginx(log=True), chat())]
    compare(run, "a", "whole chat, access log", logged, script, 64)
    for side in logged:
        run.stage.stop(side.process)


def b(run):
    script = write_script(run.directory / "prompt.lua", chat(100 * 1024, mock={"reply_bytes": 500}))
    compare(run, "b", "100 KB prompt", plain(run), script, 16)


def c(run):
    script = write_script(run.directory / "reply.lua", chat(mock={"reply_bytes": 2_000_000}))
    compare(run, "c", "2 MB reply", plain(run), script, 4)


def g(run):
    """The load of (a) beside 100,000 keys, and one in which no two requests near each other have the same key."""
    different = write_script(run.directory / "keys.lua", chat(mock={"reply_bytes": 500}), KEYS)
    same = write_script(run.directory / "one.lua", chat(mock={"reply_bytes": 500}))
    gateway, nginx = plain(run)
    many = run.rig.ready(run.rig.gateway(keys=KEYS, name="gateway, 100,000 keys"), chat())
    settled(many)
    asking = Side("gateway, 4,096 of them asking", many.process, many.port)
    cases = [(many, same), (asking, different), (gateway, same), (nginx, same)]
    scripts = {side.name: script for side, script in cases}
    wrk(many, different, 16, 1)
    figures = alternate([side for side, _ in cases], lambda side: wrk(side, scripts[side.name], 64, run.seconds), run.rounds,
                        baseline="gateway")
    run.add({"scenario": "g", "case": "100,000 caller keys", "connections": 64, "baseline": "gateway", "figures": figures,
             "memory": {side.name: memory(side.pid) for side in (many, gateway, nginx)}})
    run.stage.stop(many.process)
