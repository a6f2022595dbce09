"""The hub's own mail server, with a real one."""

import json
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from footlights.core.errors import FootlightsError, SettingsError
from footlights.hub.database import Database
from footlights.hub.post import Post
from footlights.hub.rules import Rules
from tests.ports import free_port

RULE = {"when": {"name": "tlSecondaryDetectionCount"}, "then": {"mail": ["operator@example.com"]}}


class Postbox(MessageHandler):
    def __init__(self) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []

    def handle_message(self, message: EmailMessage) -> None:
        self.mails.append(message)


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    database = Database(tmp_path / "hub.sqlite")
    yield Post(database)
    database.close()


@pytest.fixture
def box() -> Iterator[tuple[int, Postbox]]:
    port, box = free_port(), Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield port, box
    controller.stop()


def test_a_test_mail_arrives(post: Post, box: tuple[int, Postbox]) -> None:
    server = {"host": "127.0.0.1", "port": box[0], "sender": "hub@example.com", "recipient": "operator@example.com"}
    post.change({**server, "security": "none"})
    assert post.test() == "operator@example.com" and post.test("ada@example.com") == "ada@example.com"
    assert [mail["To"] for mail in box[1].mails] == ["operator@example.com", "ada@example.com"]
    assert box[1].mails[0]["From"] == "hub@example.com"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_what_the_server_does_not_offer_is_said(post: Post, box: tuple[int, Postbox], security: str) -> None:
    server = {"host": "127.0.0.1", "port": box[0], "security": security, "recipient": "a@example.com"}
    post.change({**server, "user": "hub"}, "secret")
    with pytest.raises((FootlightsError, OSError)) as error:
        post.test()
    assert "secret" not in str(error.value)


def test_a_password_stays_until_it_is_changed_and_is_never_shown(post: Post) -> None:
    server = {"host": "mail.example.com", "user": "hub@example.com"}
    with pytest.raises(SettingsError, match="wants a password"):
        post.change(server)
    post.change(server, "s€cret&@:/")
    post.change({**server, "port": 2525})
    assert post.has_password and post.expanded({"mail": ["ada@example.com"]}) == {
        "mail": ["smtp://hub%40example.com:s%E2%82%ACcret%26%40%3A%2F@mail.example.com:2525/ada@example.com"]
    }
    assert "cret" not in json.dumps(post.described({"mail": ["ada@example.com"]})) + repr(post.server())
    with pytest.raises(SettingsError, match="in clear"):
        post.change({**server, "security": "none"})
    post.change({"host": "mail.example.com"})
    assert not post.has_password


@pytest.mark.parametrize(
    "wrong",
    [{}, {"host": ""}, {"host": "a", "port": 0}, {"host": "a", "security": "ssl"}, {"host": "a", "recipient": "nobody"},
     {"host": "a", "sender": "x"}, {"host": "a b/c"}, {"host": "a", "hots": 1}],
)  # fmt: skip
def test_what_cannot_be_a_mail_server(post: Post, wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        post.change(wrong)
    assert post.server() is None


def test_a_rule_names_a_person_and_the_hub_knows_the_server(post: Post) -> None:
    rules = Rules(post._database, post)
    with pytest.raises(SettingsError, match="no mail server yet"):
        rules.add("two", RULE)
    post.change({"host": "localhost", "security": "none"})
    rules.add("two", RULE)
    with pytest.raises(SettingsError, match="not a mail address"):
        rules.add("two", {**RULE, "then": {"mail": ["operator"]}})
    assert rules.in_full("mail", "operator@example.com") == "smtp://localhost:587/operator@example.com?starttls=no"
    assert rules.described(rules.all()[0].rule) == {"mail": ["operator@example.com"]}
