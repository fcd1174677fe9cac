"""SIGUSR2 beside what the process was started with: a service manager, passed sockets, etcd."""

import os
import signal

from activation import address_of, listening, passing
from etcd import Etcd, EtcdGateway, model, write_base
from load import Load
from processes import GATEWAY
from resources import resources
from test_service_manager import Manager


def upgrade(gateway):
    since = len(gateway.log())
    gateway.signal(signal.SIGUSR2)
    gateway.wait_for_log("upgrade complete", timeout=60, since=since)


def test_the_service_manager_sees_a_reload(start_gateway, mock):
    """Of the same process; and the watchdog's heartbeat goes on in the new image."""
    manager = Manager(f"@aisix-test-{os.getpid()}-upgrade")
    try:
        gateway = start_gateway(resources(mock.base), environment={"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "200000"})
        manager.wait_for(READY="1")
        for _ in range(2):
            begun = len(manager.messages)
            upgrade(gateway)
            reloading = manager.wait_for(begun, RELOADING="1")
            ready = manager.wait_for(reloading, READY="1")
            for _ in range(2):
                ready = manager.wait_for(ready + 1, WATCHDOG="1")
        assert manager.senders == {gateway.pid}
        assert manager.having("STOPPING") == []
    finally:
        manager.socket.close()


def test_passed_sockets_stay(start_gateway, mock):
    proxy = listening()
    try:
        gateway = start_gateway(resources(mock.base), {"proxy": {"addr": address_of(proxy), "workers": 3}},
                                {"LISTEN_FDNAMES": "proxy"}, **passing([proxy], GATEWAY))
        with Load(gateway) as load:
            load.wait_for(50)
            upgrade(gateway)
            load.wait_for(50)
        assert load.failures == []
    finally:
        proxy.close()


def test_with_etcd(tmp_path, mock):
    """The new admin worker goes on at the revision of the old one; nothing that is written meanwhile is missed."""
    etcd = Etcd(tmp_path / "etcd")
    gateway = None
    try:
        write_base(etcd, mock.base)
        gateway = EtcdGateway(tmp_path / "gateway", etcd.endpoints,
                              {"managed": {"snapshot_cache_path": str(tmp_path / "state" / "cache.json")}})
        gateway.wait_ready()
        with Load(gateway) as load:
            load.wait_for(50)
            for turn in range(2):
                since = len(gateway.log())
                gateway.signal(signal.SIGUSR2)
                gateway.wait_for_log("runs its program anew", since=since)
                etcd.put(f"/aisix/models/meanwhile-{turn}", model(f"meanwhile-{turn}"))
                gateway.wait_for_log("upgrade complete", timeout=60, since=since)
                etcd.put(f"/aisix/models/after-{turn}", model(f"after-{turn}"))
                gateway.wait_for_revision(etcd.revision())
        assert load.failures == []
        assert {"meanwhile-0", "after-0", "meanwhile-1", "after-1"} <= set(gateway.models())
        assert gateway.status()["state"] == "synced"
    finally:
        if gateway is not None:
            gateway.stop()
        etcd.stop()
