"""The folder is the registry."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from footlights.core.errors import SettingsError
from footlights.engine import actions
from footlights.engine.actions.open import Open
from footlights.engine.actions.osc import Osc

ALL = ["mail", "mqtt", "open", "osc", "play", "webhook"]


def test_every_action_in_the_folder_is_found_under_the_name_of_its_file() -> None:
    kinds = actions.kinds()
    assert list(kinds) == ALL
    for flag, kind in kinds.items():
        assert kind.__module__.rpartition(".")[2] == flag
        assert kind.help.endswith(".")
        assert kind.metavar


def test_a_new_file_is_a_new_action(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shout.py").write_text(
        "from footlights.engine.actions.action import Action\n\n\nclass Shout(Action):\n    flag = 'shout'\n"
    )
    monkeypatch.setattr(actions, "__path__", [*actions.__path__, str(tmp_path)])
    assert "shout" in actions.kinds()


def test_asking_for_the_kinds_imports_no_heavy_library() -> None:
    code = "import sys; from footlights.engine import actions; actions.kinds(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    heavy = {"av", "cv2", "httpx", "paho", "pythonosc", "smtplib", "ssl", "webbrowser", "pydantic"}
    assert not heavy & set(done.stdout.split())


def test_a_configuration_may_name_an_action_once_or_several_times() -> None:
    made = actions.read({"open": "https://example.com", "osc": ["10.0.0.1:9000/a", "10.0.0.2:9000/b"]})
    assert [type(action) for action in made] == [Open, Osc, Osc]


def test_an_unknown_action_names_the_near_miss() -> None:
    with pytest.raises(SettingsError, match=re.escape("unknown action 'webhok': did you mean 'webhook'? Valid: mail,")):
        actions.read({"webhok": "https://example.com"})


@pytest.mark.parametrize("flag", ["shell", "exec", "command", "run"])
def test_commands_on_the_machine_are_not_an_action(flag: str) -> None:
    with pytest.raises(SettingsError, match="unknown action"):
        actions.read({flag: "ls"})


WRONG = [
    ("open", "www.example.com/x", "--open 'www.example.com/…' has no scheme: did you mean 'https://www.example.com/…'?"),
    ("open", "htps://example.com", "--open takes https and http addresses, not 'htps': did you mean 'https://example.com'?"),
    ("open", "file:///etc/passwd", "--open takes https and http addresses, not 'file': for example https://example.com/show"),
    ("open", "javascript://x", "--open takes https and http addresses, not 'javascript'"),
    ("open", "https://", "--open 'https://' names no host; for example https://example.com/show"),
    ("open", "https://example.com/a b", "--open 'https://example.com/…' has a blank inside: write it as %20"),
    ("open", "https://example.com:99999/", "--open: the port must be a number from 1 to 65535"),
    ("open", "https://[::1/x", "--open: the port must be a number from 1 to 65535"),
    ("play", "ftp://example.com/a.mp4", "--play takes https and http addresses, not 'ftp': for example show.mp4 or https://"),
    ("play", "example.com/a.mp4", "did you mean 'https://example.com/…'?"),
    ("webhook", "example.com", "--webhook 'example.com' has no scheme: did you mean 'https://example.com'?"),
    ("mqtt", "broker/stage", "--mqtt 'broker/…' has no scheme: did you mean 'mqtt://broker/…'?"),
    ("mqtt", "mqtt://broker", "--mqtt 'mqtt://broker:1883' names no topic: did you mean 'mqtt://broker:1883/footlights'?"),
    ("mqtt", "mqtt://broker/a/#", "--mqtt: write ? and # in a topic as %3F and %23"),
    ("mqtt", "mqtt://broker/a/+/b", "'a/+/b' is not a topic to publish on: + and # are for subscribing"),
    ("mqtt", "tcp://broker/a", "--mqtt takes mqtt and mqtts addresses, not 'tcp'"),
    ("osc", "10.0.0.1/a", "--osc '10.0.0.1/a' has no port: did you mean '10.0.0.1:9000/a'?"),
    ("osc", "10.0.0.1:9000", "--osc '10.0.0.1:9000' has no OSC address: did you mean '10.0.0.1:9000/footlights'?"),
    ("osc", "10.0.0.1:9000/a*", "--osc: the OSC address '/a*' must be ASCII without blanks and # * , ? [ ] { }"),
    ("osc", "udp://10.0.0.1:9000/a", "--osc takes osc addresses, not 'udp'"),
    ("mail", "smtp://mail.example.com", "--mail names no recipient behind the server; for example smtp://"),
    ("mail", "smtp://mail.example.com/operator", "--mail: 'operator' is not a mail address"),
    ("mail", "smtp://mail.example.com/a@b.c?form=x@y.z", "--mail: unknown option 'form': did you mean 'from'?"),
    ("mail", "smtp://mail.example.com/a@b.c?starttls=yes", "--mail: starttls is demanded anyway"),
    ("mail", "smtp://me@mail.example.com/a@b.c", "put it into the variable FOOTLIGHTS_MAIL_PASSWORD"),
    ("mail", "mail.example.com/a@b.c", "--mail 'mail.example.com/…' has no scheme: did you mean 'smtps://mail.example.com/…'?"),
]  # fmt: skip


@pytest.mark.parametrize(("flag", "text", "line"), WRONG)
def test_a_text_that_is_not_understood_gives_one_line_that_says_what_is_right(flag: str, text: str, line: str) -> None:
    with pytest.raises(SettingsError) as raised:
        actions.kinds()[flag].from_text(text)
    assert line in str(raised.value)
    assert "\n" not in str(raised.value)


SECRET = [
    ("webhook", "https://user:hush@example.com/services/hush?token=hush"),
    ("webhook", "example.com/services/hush"),
    ("webhook", "htps://user:hush@example.com/hush"),
    ("webhook", "https://user:hush@example.com/a b"),
    ("mqtt", "mqtts://user:hush@example.com/stage"),
    ("mqtt", "mqtt://user:hush@example.com"),
    ("mqtt", "mqtt://user:hu/sh-hush@example.com/stage"),
    ("mqtt", "mqt://user:hush@example.com/stage"),
    ("mail", "smtp://user:hush@example.com/hush@example.com"),
    ("mail", "smtps://user:hush@example.com"),
    ("open", "https://user:hush@example.com/a?token=hush#hush"),
    ("play", "https://user:hush@example.com/a.mp4?token=hush#hush"),
]  # fmt: skip


@pytest.mark.parametrize(("flag", "text"), SECRET)
def test_neither_description_nor_error_tells_a_secret(flag: str, text: str) -> None:
    try:
        told = actions.kinds()[flag].from_text(text).describe()
    except SettingsError as error:
        told = str(error)
    assert "hush" not in told
    assert "example.com" in told or "%2F" in told
