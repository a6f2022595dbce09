"""A real hub with a real broker, on free ports; and a PostgreSQL of its own where the programs are installed."""

import gc
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footlights.hub.authority import Authority
from footlights.hub.database import Database
from footlights.hub.hub import Hub, Place

# paho leaves the socket of a handshake that was cut off to the garbage collector, which then complains.
CUT_OFF = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
WAIT = 30.0  # seconds after which a test that waits for something is lost


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def eventually(holds: Callable[[], object], seconds: float = WAIT) -> object:
    """What `holds` says as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (said := holds()):
        assert time.monotonic() < deadline, "what the test waits for has not come"
        time.sleep(0.02)
    return said


@pytest.fixture(scope="session")
def mosquitto() -> str:
    if shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip("mosquitto is not installed: sudo apt install mosquitto")
    return "mosquitto"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that is thrown away afterwards."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("PostgreSQL is not installed: sudo apt install postgresql")
    folder = tmp_path_factory.mktemp("postgres")
    # The server refuses to be started by root: then it is somebody else's, who must be able to get there.
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")
        for parent in list(folder.parents)[:3]:
            parent.chmod(parent.stat().st_mode | 0o011)
    data, port = folder / "data", free_port()
    init = [str(programs[-1] / "initdb"), "-D", str(data), "-A", "trust", "-U", "footlights", "-N"]
    subprocess.run([*user, *init], check=True, capture_output=True, cwd="/")
    where = [f"-cport={port}", "-clisten_addresses=127.0.0.1", f"-cunix_socket_directories={folder}", "-cfsync=off"]
    address = f"postgresql://footlights@127.0.0.1:{port}/postgres"
    with (folder / "log").open("wb") as log:
        run = [*user, str(programs[-1] / "postgres"), "-D", str(data), *where]
        server = subprocess.Popen(run, stdout=log, stderr=log, cwd="/")
    try:
        eventually(lambda: _answers(address))
        yield address
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(WAIT)


def _answers(address: str) -> bool:
    import psycopg

    try:
        psycopg.connect(address).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        opened = Database(tmp_path / "hub.sqlite")
    else:
        import psycopg

        server = request.getfixturevalue("postgres")
        name = f"hub_{time.time_ns()}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        opened = Database(server.rpartition("/")[0] + f"/{name}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def hub(mosquitto: str, tmp_path: Path) -> Iterator[Hub]:
    """A hub that runs, without its web server."""
    made = Hub(Place(tmp_path / "hub", port=free_port()))
    made.start()
    assert made.ingest.wait_until_connected(WAIT)
    yield made
    made.close()
    gc.collect()  # sockets of connections that were cut off are let go here, see CUT_OFF
