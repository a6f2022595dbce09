"""Secrets in the database: nobody reads them there, and the hub lives where their key is lost."""

import json
import logging
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from footlights.core.errors import SettingsError
from footlights.hub import schema
from footlights.hub.database import Database
from footlights.hub.housekeeping import back_up, restore
from footlights.hub.hub import Hub, Place
from footlights.hub.post import Post
from footlights.hub.rules import Rules
from footlights.hub.safe import FILE, Safe
from tests.ports import free_port

SERVER = {"host": "mail.example.com", "user": "hub@example.com"}
ACTIONS = {
    "mail": ["smtp://a:s3cret@mail.example.com/b@example.com", "ada@example.com"],
    "webhook": ["https://example.com/s3cret"],
    "mqtt": "mqtt://a:s3cret@broker.example.com/topic",
}
RULE = {"when": {"name": "people"}, "then": {**ACTIONS, "command": "ping"}}


def _all(database: Database) -> str:
    """Everything that the two tables hold."""
    with database.read() as connection:
        rows = [*connection.execute(select(schema.about.c.value)), *connection.execute(select(schema.rules))]
    return json.dumps([tuple(row) for row in rows])


def _in_full(rules: Rules) -> list[str]:
    return [rules.in_full(kind, text) for kind, texts in rules.all()[0].rule.texts().items() for text in texts]


def test_a_copy_of_the_database_holds_no_secret(database: Database, tmp_path: Path) -> None:
    post = Post(database, Safe(tmp_path))
    post.change(SERVER, "s3cret")
    rules = Rules(database, post)
    number = rules.add("two", RULE)
    rules.change(number, definition={**RULE, "when": {"name": "frames"}})
    rules.change(number, title="again")
    assert "s3cret" not in _all(database) and "ada@example.com" in _all(database)
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0

    later = Rules(database, Post(database, Safe(tmp_path)))
    assert _in_full(later) == [
        ACTIONS["mail"][0],
        "smtp://hub%40example.com:s3cret@mail.example.com:587/ada@example.com",
        ACTIONS["webhook"][0],
        ACTIONS["mqtt"],
    ]
    assert later.all()[0].rule.then.command == "ping" and "s3cret" not in json.dumps(
        later.described(later.all()[0].rule)
    )


def test_what_an_earlier_version_kept_in_clear_is_sealed_and_gone_from_the_file(tmp_path: Path) -> None:
    place = Place(tmp_path, port=free_port())
    first = Hub(place)
    with first.database.write() as connection:
        text = json.dumps({"server": {**SERVER, "port": 587, "security": "tls"}, "password": "s3cret"})
        connection.execute(insert(schema.about), {"name": "mail", "value": text})
        row = {"title": "", "enabled": True, "definition": RULE, "changed": 0.0}
        connection.execute(insert(schema.rules), row)
    assert first.post.has_password and "s3cret@mail.example.com" in _in_full(first.rules)[0]  # it is read as it is
    assert "s3cret" in _all(first.database)
    first.seal()
    assert "s3cret" not in _all(first.database) and first.post.has_password and len(_in_full(first.rules)) == 4
    first.database.close()
    files = [path for path in tmp_path.iterdir() if path.name.startswith("hub.sqlite")]
    assert files and not any(b"s3cret" in path.read_bytes() for path in files)


@pytest.mark.parametrize("left", [None, "", "no key"])
def test_a_lost_key_costs_nothing_but_what_it_sealed(
    tmp_path: Path, left: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    place = Place(tmp_path, port=free_port())
    first = Hub(place)
    token = first.people.first_admin() or ""
    first.post.change(SERVER, "s3cret")
    number = first.rules.add("two", RULE)
    first.database.close()
    if left is None:
        (tmp_path / "authority" / FILE).unlink()
    else:
        (tmp_path / "authority" / FILE).write_text(left)

    with caplog.at_level(logging.WARNING):
        (hub := Hub(place)).seal()
    said = [record.message for record in caplog.records]
    assert len(said) == 2 and "mail server" in said[0] and "1 rules" in said[1]
    assert hub.people.who(token) and hub.post.lost and not hub.post.has_password
    assert hub.post.server() is not None and hub.rules.all()[0].title == "two"
    assert "enter it again" in hub.rules.described(hub.rules.all()[0].rule)["webhook"][0]
    for kind, text in (("mail", "ada@example.com"), ("webhook", hub.rules.all()[0].rule.then.webhook[0])):
        with pytest.raises(SettingsError, match="enter it again"):
            hub.rules.in_full(kind, text)
    with pytest.raises(SettingsError, match="wants a password"):
        hub.post.change(SERVER)
    hub.post.change(SERVER, "n3w")
    hub.rules.change(number, definition=RULE)
    assert not hub.post.lost and ":n3w@" in _in_full(hub.rules)[1]
    hub.database.close()


def test_a_backup_holds_the_key(tmp_path: Path) -> None:
    first = Hub(Place(tmp_path / "one", port=free_port()))
    first.post.change(SERVER, "s3cret")
    back_up(tmp_path / "one", tmp_path / "hub.tar.gz")
    first.database.close()
    restore(tmp_path / "hub.tar.gz", tmp_path / "two")
    second = Hub(Place(tmp_path / "two", port=free_port()))
    assert "s3cret" in second.post.expanded({"mail": ["ada@example.com"]})["mail"][0]
    second.database.close()
