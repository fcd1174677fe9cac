"""Three members: each is killed in turn, the leader too, and the connection to one falls silent. No request fails, and
changes arrive within 5 s of the recovery."""

import pytest
from etcd import Etcd, EtcdGateway, Relay, model, write_base
from load import Load
from processes import wait_until

RECOVERY = 5.0  # seconds


@pytest.fixture(scope="module")
def etcd(tmp_path_factory, mock):
    cluster = Etcd(tmp_path_factory.mktemp("cluster"), size=3)
    write_base(cluster, mock.base)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def relays(etcd):
    made = [Relay(client) for client, _ in etcd.ports]
    yield made
    for relay in made:
        relay.close()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, relays, etcd):
    process = EtcdGateway(tmp_path_factory.mktemp("gateway"), [relay.url for relay in relays])
    process.wait_for_models(["chat"])
    yield process
    process.stop()


def living(etcd, but):
    return [url for index, url in enumerate(etcd.endpoints) if index != but]


def change_arrives(etcd, gateway, name, endpoints):
    """A change that is made now is served within the time that the contract gives."""
    etcd.put("/aisix/models/changing", model(name), endpoints=endpoints)
    gateway.wait_for_models(["chat", name], timeout=RECOVERY)


def kill_one(etcd, gateway, index):
    with Load(gateway) as load:
        load.wait_for(20)
        etcd.kill(index)
        # The cluster has recovered once it takes a write.
        wait_until(lambda: etcd.ctl("put", "/probe", "x", endpoints=living(etcd, index), check=False,
                                    timeout="500ms").returncode == 0, "the cluster takes writes")
        change_arrives(etcd, gateway, f"without-{index}", living(etcd, index))
        etcd.start(index)
        etcd.wait_healthy()
        change_arrives(etcd, gateway, f"with-{index}", None)
        load.wait_for(20)
    assert load.failures == []
    assert gateway.status()["state"] == "synced"


@pytest.mark.parametrize("index", [0, 1, 2])
def test_each_member_is_killed(etcd, gateway, index):
    kill_one(etcd, gateway, index)


def test_the_leader_is_killed(etcd, gateway):
    kill_one(etcd, gateway, etcd.leader())


def used_relay(relays, gateway):
    """The relay that the gateway reads through: the endpoint of its newest full load."""
    url = [line for line in gateway.log().splitlines() if "endpoint=" in line][-1].split('endpoint="')[1].split('"')[0]
    return next(relay for relay in relays if relay.url == url)


def test_a_silent_connection_is_left(etcd, gateway, relays):
    relay = used_relay(relays, gateway)
    with Load(gateway) as load:
        load.wait_for(20)
        relay.freeze()
        change_arrives(etcd, gateway, "frozen", None)
        load.wait_for(20)
    assert load.failures == []
    assert used_relay(relays, gateway) is not relay
    relay.thaw()


def test_no_quorum_changes_nothing(etcd, gateway):
    with Load(gateway) as load:
        load.wait_for(20)
        before = gateway.models()
        etcd.kill(0)
        etcd.kill(1)
        wait_until(lambda: gateway.status()["source"]["connected"] is False, "the loss of the quorum is seen", timeout=30)
        load.wait_for(50)
        assert gateway.models() == before
        etcd.start(0)
        etcd.start(1)
        etcd.wait_healthy()
        change_arrives(etcd, gateway, "quorum", None)
    assert load.failures == []
