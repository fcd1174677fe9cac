"""A credential that was replaced or removed is nowhere in the memory of the zone that used it."""

import os
import pathlib

import httpx
import pytest
from processes import wait_until
from resources import KEY, model, provider_key, resources

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the memory of a worker is readable for root only")


def occurrences(pid, text):
    """How often the text stands in memory that the process can write to."""
    count = 0
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, mode = line.split()[:2]
            if not mode.startswith("rw"):
                continue
            begin, end = (int(part, 16) for part in span.split("-"))
            memory.seek(begin)
            try:
                count += memory.read(end - begin).count(text.encode())
            except OSError:  # guard pages, device memory
                continue
    return count


def ask(gateway, name):
    return httpx.post(gateway.base + "/chat/completions", headers={"authorization": f"Bearer {KEY}"}, timeout=30,
                      json={"model": name, "messages": [{"role": "user", "content": "x"}]})


def test_a_replaced_provider_key_is_gone(start_gateway, mock):
    old, new = "sk-old-credential-3f9c21d7e8", "sk-new-credential-77ab01c4d2"

    def configuration(credential):
        return resources(mock.base, models=[model("own", "up", key="own")],
                         provider_keys=[provider_key("own", mock.base, api_key=credential)])

    gateway = start_gateway(configuration(old))
    assert ask(gateway, "own").status_code == 200
    proxy = gateway.worker("proxy")
    assert occurrences(proxy, old) > 0, "the search does not find what is there"
    gateway.reload(configuration(new))
    wait_until(lambda: occurrences(proxy, new) > 0, "the new credential is there")
    assert ask(gateway, "own").status_code == 200
    # The snapshot before it is freed by a thread of its own.
    wait_until(lambda: occurrences(proxy, old) == 0, "the old credential is gone", timeout=20)
    gateway.reload(resources(mock.base))
    wait_until(lambda: occurrences(proxy, new) == 0, "the removed credential is gone", timeout=20)
