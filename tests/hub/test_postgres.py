"""A hub whose PostgreSQL starts later than itself."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.sides.postgres import Postgres
from footlights.cli.main import cli
from footlights.core.errors import SettingsError
from footlights.hub.database import Database
from footlights.hub.postgres import await_server
from tests.hub.conftest import WAIT, running_postgres
from tests.hub.pages.test_site import Program, start
from tests.ports import free_port


@pytest.fixture
def server() -> Iterator[Postgres]:
    with running_postgres() as made:
        yield made


@pytest.fixture
def run() -> Iterator[Callable[..., Program]]:
    """Starts programs that end with the test."""
    started: list[Program] = []

    def begin(*arguments: str) -> Program:
        started.append(start(*arguments))
        return started[-1]

    yield begin
    for program in started:
        program.process.kill()
        program.wait()


def test_hub_and_worker_wait_for_their_database_and_go_on(
    mosquitto: str, server: Postgres, run: Callable[..., Program], tmp_path: Path
) -> None:
    folder, broker = ["hub", "--data", str(tmp_path / "hub")], str(free_port())
    CliRunner().invoke(cli, [*folder, "worker", "w1", "--database", server.address], catch_exceptions=False)
    server.server.send_signal(signal.SIGINT)
    server.server.wait(WAIT)

    place = ["--port", str(free_port()), "--broker-port", broker, "--database", server.address]
    hub, another = run(*folder, *place), run("hub", "--data", str(tmp_path / "another"), *place)
    where = ["--broker", f"mqtts://localhost:{broker}", "--database", server.address]
    worker = run(*folder, "ingest", "--as", "w1", *where)
    for program in (hub, worker, another):
        program.wait_for(rf"the database at 127.0.0.1:{server.port} is away")
    assert another.end() == 0 and "Traceback" not in "".join(another.said)

    server.start()
    hub.wait_for("the hub: http://")
    worker.wait_for("w1 works")
    assert "".join(hub.said).count("is away") == 1
    assert worker.end() == 0 and hub.end() == 0


def test_what_waiting_does_not_help_is_said_at_once(postgres: str, tmp_path: Path) -> None:
    there = postgres.rpartition("/")[0]
    for wrong, why in (
        (f"{there}/unknown", 'database "unknown" does not exist'),
        (there.replace("footlights@", "nobody:s3cret@"), 'role "nobody" does not exist'),
        ("postgresql://a:s3cret@127.0.0.1:port/x", "no address of a database"),
        ("postgresql://a:s3cret@127.0.0.1:99999/x", "no address of a database"),
        ("postgresql://a:s3cret@127.0.0.1:1/x?no=1", "invalid connection option"),
        ("mysql://a:s3cret@127.0.0.1/x", "postgresql://user@host/name"),
    ):
        with pytest.raises(SettingsError, match=why) as error:
            await_server(wrong)
            Database(wrong)
        assert "s3cret" not in str(error.value)
