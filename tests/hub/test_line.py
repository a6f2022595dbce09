"""The hub's connections to a real broker."""

import fcntl
import os
import resource
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest
from paho.mqtt.client import Client

from footlights.hub.hub import Hub
from footlights.hub.line import Broker, Line, connect, keep_connected
from tests.hub.conftest import eventually
from tests.ports import free_port

MANY = 1100  # open files: more than `select` knows


@pytest.fixture
def many_files(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """More open files than `select` knows, and connections to brokers beyond them."""
    low, high = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= high < 2 * MANY:
        pytest.skip(f"{high} open files are allowed here, and {2 * MANY} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(low, 2 * MANY), high))
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(MANY)]
    connected = Client._create_socket_connection

    def beyond(client: Client) -> socket.socket:
        # Of itself it may get a smaller number, of which something else in this process has just let go.
        with connected(client) as near:
            moved = socket.socket(fileno=fcntl.fcntl(near, fcntl.F_DUPFD_CLOEXEC, MANY))
            moved.settimeout(near.gettimeout())
            return moved

    monkeypatch.setattr(Client, "_create_socket_connection", beyond)
    yield
    for file in files:
        os.close(file)
    resource.setrlimit(resource.RLIMIT_NOFILE, (low, high))


def test_a_hub_with_a_thousand_open_files_finds_its_broker_and_finds_it_again(many_files: None, hub: Hub) -> None:
    clients = (hub.ingest.client, hub.switchboard._client)
    eventually(lambda: all(client.is_connected() for client in clients))
    before = [client.socket() for client in clients]
    assert all(socket is not None and socket.fileno() > 1023 for socket in before)
    hub.mosquitto.restart(hub._rights())
    eventually(lambda: all(client.is_connected() and client.socket() not in before for client in clients))


def test_a_line_that_is_cut_while_something_is_said_ends_in_good_order() -> None:
    with socket.create_server(("127.0.0.1", 0)) as broker:
        client = connect(Broker("127.0.0.1", broker.getsockname()[1], "somebody", None), lambda client: None)
        client.reconnect()
        with Line(client) as line:
            taken, _ = broker.accept()
            taken.recv(1024)
            taken.sendall(b"\x20\x03\x00\x00\x00")  # it is let in
            assert eventually(lambda: line.turn(0.1) and client.is_connected())
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            taken.close()
            eventually(lambda: client.publish("said", b"?") and client.socket() is None)
            assert not line.turn(0.1) and line.cut and line.served


def test_where_there_is_no_broker_it_ends_at_once() -> None:
    closing = threading.Event()
    client = connect(Broker("127.0.0.1", free_port(), "nobody", None), lambda client: None)
    thread = threading.Thread(target=keep_connected, args=(client, closing, lambda line: None))
    thread.start()
    time.sleep(0.1)
    closing.set()
    thread.join(10)
    assert not thread.is_alive()
