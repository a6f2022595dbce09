"""How `footlights hub` comes to run."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `hub` is not installed")

from sqlalchemy.exc import OperationalError

from footlights.cli import hub as cli
from footlights.core.errors import SettingsError
from footlights.hub.hub import Hub, Place
from tests.ports import free_port


class Starting:
    """A hub whose database goes away while the first of its kind starts."""

    made: list["Starting"]

    def __init__(self, place: Place) -> None:
        self.database = SimpleNamespace(embedded=place.database is None)
        self.closed = False
        self.made.append(self)

    def start(self) -> None:
        if len(self.made) == 1:
            raise OperationalError("UPDATE x", {}, OSError("terminating connection"))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Starting]:
    monkeypatch.setattr("footlights.hub.hub.Hub", Starting)
    monkeypatch.setattr(Starting, "made", [], raising=False)
    for name, without in {"_await": lambda address: None, "_announce": lambda hub: None, "AGAIN": 0.0}.items():
        monkeypatch.setattr(cli, name, without)
    return Starting.made


def test_a_database_that_goes_away_meanwhile_is_waited_for_again(made: list[Starting], tmp_path: Path) -> None:
    place = Place(tmp_path, database="postgresql://user:secret@db/name")
    hub: Any = cli._started(place)
    assert [one.closed for one in made] == [True, False] and hub is made[1]


def test_a_file_that_cannot_be_used_is_one_line(made: list[Starting], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="the database cannot be used: terminating connection"):
        cli._started(Place(tmp_path))
    assert [one.closed for one in made] == [True]


def test_a_hub_that_did_not_come_to_run_ends_in_good_order(tmp_path: Path) -> None:
    hub = Hub(Place(tmp_path, port=free_port()))
    hub.close()
