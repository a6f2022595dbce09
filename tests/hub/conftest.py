"""A real hub with a real broker, on free ports; and a PostgreSQL of its own where the programs are installed."""

import gc
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.sides.postgres import Postgres, programs
from footlights.hub.authority import Authority
from footlights.hub.database import Database
from footlights.hub.hub import Hub, Place
from tests.ports import free_port

if TYPE_CHECKING:
    from tests.hub.house import House

# paho leaves the socket of a handshake that was cut off to the garbage collector, which then complains.
CUT_OFF = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
WAIT = 30.0  # seconds after which a test that waits for something is lost


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


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server that is thrown away afterwards."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed: sudo apt install postgresql")
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of one that every test may use."""
    with running_postgres() as server:
        yield server.address


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


@pytest.fixture(scope="session")
def house(mosquitto: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator["House"]:
    """A hub with its web server and one device, all of which run."""
    from tests.hub.house import running_house

    with running_house(tmp_path_factory.mktemp("house")) as made:
        yield made
