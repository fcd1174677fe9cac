"""What a taken-over zone can do over the links that it was given. No lock stops it: the other side has to refuse, and to
go on. Every list is one zone's, and each part of it one life of the attacker: what he breaks is his own."""

import os
import re
import signal

import httpx
import pytest
from attack import Attacker, resident_bytes, worker_gone
from conftest import Site
from processes import wait_until
from resources import KEY

MIB = 1 << 20
GROWTH = 192 * MIB  # of a victim's memory, while the attacker sends what he can
NOT_CONFIGURED, BAD = "not configured", "bad request"

# Types of control messages (lib/control/message.h) that a worker has no business to send, and some that it has.
FORGED = {"boot": 1, "state": 3, "listener": 4, "begin": 5, "link": 6, "file": 7, "zone": 8, "stop": 13, "activate": 16}
READY, FATAL, IN_FLIGHT, RELEASED, RELOADED = 64, 65, 66, 68, 69

CALLS = "OK|RESOURCE_EXHAUSTED"

# The other end is a client, which takes the bytes of a second client for an error of the connection, or never answers.
NOBODY_SERVES = "UNAVAILABLE|another error"

ABUSES = {
    "metrics": [
        # Calls that its links are not for.
        [(("status", "zone.proxy", "health"), "OK: {.*"),
         (("status", "zone.admin", "nonsense"), "OK: not found"),
         (("push", "zone.proxy", "models", "evil"), "UNIMPLEMENTED"),
         (("push", "zone.egress", "destinations", "evil:80"), "UNIMPLEMENTED"),
         (("push", "zone.admin", "models", "evil"), "UNIMPLEMENTED"),
         (("many-calls", "zone.admin", "1000"), f"(({CALLS}) \\d+(, )?)+"),
         (("oversized", "zone.admin", "65"), "RESOURCE_EXHAUSTED"),
         (("status", "zone.admin", "ready"), "OK: true")],
        # No HTTP/2 at all, and HTTP/2 that nobody should send.
        [(("garbage", "zone.proxy"), "closed"), (("garbage", "zone.admin"), "closed"), (("garbage", "zone.egress"), "closed")],
        [(("huge-frame", "zone.proxy"), "closed"), (("big-packet", "zone.admin"), "closed"),
         (("ping-flood", "zone.egress", "5000"), "sent|closed")],
        [(("endless-headers", "zone.proxy", "1"), "taken|closed"), (("endless-headers", "zone.egress", "1"), "taken|closed")],
        [(("forge", str(number), "proxy", "x"), "sent") for number in FORGED.values()] +
        [(("forge", str(IN_FLIGHT)), "sent"), (("forge", str(READY)), "sent"), (("forge", str(RELEASED)), "sent"),
         (("forge", str(RELOADED)), "sent"), (("forge-flood", str(IN_FLIGHT), "5000"), "sent"),
         (("status", "zone.egress", "nonsense"), "OK: not found")],
    ],
    "proxy": [
        # Where egress does not go. The first row shows that it goes at all.
        [(("dial", "dial#0", "{mock}"), "connected"),
         (("dial", "dial#0", "{unlisted}"), NOT_CONFIGURED), (("dial", "dial#0", "{etcd}"), NOT_CONFIGURED),
         (("dial", "dial#0", "{admin}"), NOT_CONFIGURED), (("dial", "dial#0", "{metrics}"), NOT_CONFIGURED),
         (("dial", "dial#0", "{proxy}"), NOT_CONFIGURED), (("dial", "dial#0", "169.254.169.254:80"), NOT_CONFIGURED),
         (("dial", "dial#0", "metadata.google.internal:80"), NOT_CONFIGURED),
         (("dial", "dial#0", "localhost:{mock_port}"), NOT_CONFIGURED),
         (("dial", "dial#0", "[::ffff:127.0.0.1]:{mock_port}"), NOT_CONFIGURED),
         (("dial", "dial#0", "0.0.0.0:{mock_port}"), NOT_CONFIGURED),
         (("dial", "dial#0", "127.1:{mock_port}"), f"{NOT_CONFIGURED}|{BAD}"),
         (("dial", "dial#0", "2130706433:{mock_port}"), f"{NOT_CONFIGURED}|{BAD}"),
         (("dial", "dial#0", "127.0.0.1:1"), NOT_CONFIGURED),
         (("dial", "dial#0", ""), BAD), (("dial", "dial#0", "{mock}/"), BAD), (("dial", "dial#0", " {mock}"), BAD),
         (("dial", "dial#0", "user@{mock}"), BAD), (("dial", "dial#0", "127.0.0.1"), BAD),
         (("dial", "dial#0", "127.0.0.1:99999"), BAD), (("dial", "dial#0", "x" * 600), BAD),
         # A link that is misused goes; the other one stays. (Where the first dial was answered before the second was
         # read, there is nothing wrong with it.)
         (("dial-twice", "dial#0", "{mock}"), "closed|no answer"), (("dial", "dial#1", "{mock}"), "connected"),
         (("big-packet", "dial#1"), "closed")],
        [(("dial-unread", "dial#0", "{mock}", "5000"), r"((connected|overloaded) \d+(, )?)+"),
         (("dial", "dial#0", "{mock}"), "connected"), (("garbage", "dial#0"), "closed")],
        # A push of its own, over the link on which it is the one that is pushed to: nobody serves there.
        [(("push", "config.proxy", "destinations", "{unlisted}"), NOBODY_SERVES),
         (("dial", "dial#0", "{unlisted}"), NOT_CONFIGURED), (("garbage", "health.proxy"), "closed|kept")],
        [(("forge", str(number), "egress", "x"), "sent") for number in FORGED.values()],
    ],
    "egress": [
        [(("forge-reply", "dial#0", "unasked"), "sent"), (("forge-reply", "dial#0", "descriptor"), "sent"),
         (("forge-reply", "dial#0", "outcome"), "sent"), (("garbage", "dial#1"), "closed")],
        [(("push", "config.egress", "destinations", "{unlisted}"), NOBODY_SERVES)],
        [(("forge", str(number), "proxy", "x"), "sent") for number in FORGED.values()],
    ],
    "admin": [
        # It may push, but not everywhere, and not everything.
        [(("push", "config.proxy", "models", "evil"), "applied"), (("push", "config.proxy", "nonsense", "evil"), "applied"),
         (("push", "config.egress", "destinations", "no port"), "applied"),
         (("push", "health.proxy", "models", "evil"), "UNIMPLEMENTED"),
         (("many-calls", "health.proxy", "1000"), f"(({CALLS}) \\d+(, )?)+"),
         (("oversized", "health.proxy", "65"), "RESOURCE_EXHAUSTED"),
         (("endless-push", "config.proxy", "100"), "taken, then OK")],
        [(("garbage", "config.proxy"), "closed"), (("huge-frame", "config.egress"), "closed")],
        [(("forge", str(number), "proxy", "x"), "sent") for number in FORGED.values()],
    ],
}


@pytest.fixture(scope="module")
def site(tmp_path_factory, mock):
    made = Site(tmp_path_factory.mktemp("site"), mock)
    made.mock = mock.url.split("//")[1]
    made.targets["mock"], made.targets["mock_port"] = made.mock, made.mock.rsplit(":", 1)[1]
    made.gateway.wait_ready()
    yield made
    made.stop()


def chat_works(site):
    with httpx.Client(verify=False, timeout=30) as client:
        reply = client.post(site.gateway.base + "/chat/completions", headers={"authorization": f"Bearer {KEY}"},
                            json={"model": "chat", "messages": [{"role": "user", "content": "x"}]})
    return reply.status_code == 200


def alive_and_bounded(site, attacker, memory):
    """Those that were not taken over are the same processes, and have not grown without end."""
    for zone, pid in attacker.victims.items():
        assert site.gateway.worker(zone) == pid, f"{zone} died"
        assert resident_bytes(pid) - memory[zone] < GROWTH, zone
    assert resident_bytes(site.gateway.pid) - memory["supervisor"] < GROWTH / 4
    if attacker.zone != "metrics":
        assert site.gateway.metrics_get("/status/isolation")[0] == 200


def take(site, zone):
    attacker = Attacker(site.installation, site.gateway, zone, site.targets)
    attacker.lock()
    memory = {other: resident_bytes(pid) for other, pid in attacker.victims.items()}
    memory["supervisor"] = resident_bytes(site.gateway.pid)
    return attacker, memory


def give_back(site, attacker):
    attacker.end()
    site.gateway.wait_ready()
    wait_until(lambda: chat_works(site), "callers are served")
    for zone, pid in attacker.victims.items():
        assert site.gateway.worker(zone) == pid, f"{zone} died"


@pytest.mark.parametrize("zone", ABUSES)
def test_abuse(site, zone):
    attacker, memory = take(site, zone)
    try:
        for number, life in enumerate(ABUSES[zone]):
            if number > 0:
                attacker.again()
            for words, expected in life:
                words = [word.format(**site.targets) for word in words]
                outcome = attacker.abuse(*words)
                assert re.fullmatch(expected, outcome), f"{words}: {outcome}"
            alive_and_bounded(site, attacker, memory)
    finally:
        give_back(site, attacker)


@pytest.mark.parametrize("zone", ABUSES)
def test_descriptors_sent_without_end(site, zone):
    """Descriptors under way count for the user, so for all zones. A flood over every link must neither keep the
    supervisor from starting workers, nor egress from handing out connections."""
    attacker, memory = take(site, zone)
    try:
        for link in attacker.abuse("links").split()[::2]:
            attacker.abuse("flood-descriptors", link)
        # They are still under way: the metrics zone reads only while it asks. (Nobody becomes ready without the admin
        # zone, so it is not started again while it is the attacker.)
        if zone != "admin":
            since = len(site.gateway.log())
            os.kill(site.gateway.worker("admin"), signal.SIGKILL)
            site.gateway.wait_for_log("worker ready worker=admin", since=since)
            attacker.victims["admin"] = site.gateway.worker("admin")
            memory["admin"] = resident_bytes(attacker.victims["admin"])
        if zone in ("admin", "metrics"):
            assert chat_works(site), "egress cannot pass connections"
        alive_and_bounded(site, attacker, memory)
    finally:
        give_back(site, attacker)


@pytest.mark.parametrize("words", [("forge-garbage",), ("forge-huge",), ("forge-descriptors",), ("forge", str(FATAL), "", "x")],
                         ids=lambda words: words[0])
def test_bad_control_messages_end_the_sender(site, words):
    """The supervisor ends a worker that it cannot understand, or that gives up, and starts another."""
    attacker, memory = take(site, "metrics")
    try:
        attacker._send("abuse", *words)
        wait_until(lambda: worker_gone(site.gateway, attacker.pid), "the worker was ended")
        alive_and_bounded(site, attacker, memory)
    finally:
        give_back(site, attacker)
