"""footlights.yaml."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from footlights.core.errors import SettingsError
from footlights.wire.document import Document, HubEntry, Outputs, SourceEntry, load, parse

WHOLE = """
sources:
  - {name: line-1, url: "rtsp://10.0.0.21/stream1"}
  - {name: line-2, url: "file:cans.mp4", loop: true}
  - url: 0
app: inspect
settings: {model: cans.onnx, interval: 4, alert_when: {label: down, count: 1}}
outputs: {page: 8000, rtsp: 8554, record: null}
actions:
  open: https://example.com/a,b
  webhook: [https://example.com/1, https://example.com/2]
hub: {url: "https://hub.local", device: jetson-07}
"""


def test_the_whole_document(tmp_path: Path) -> None:
    path = tmp_path / "footlights.yaml"
    path.write_text(WHOLE)
    assert load(path) == Document(
        sources=(
            SourceEntry("rtsp://10.0.0.21/stream1", "line-1"),
            SourceEntry("file:cans.mp4", "line-2", loop=True),
            SourceEntry("0"),
        ),
        app="inspect",
        settings={"model": "cans.onnx", "interval": 4, "alert_when": {"label": "down", "count": 1}},
        outputs=Outputs(page=8000, rtsp=8554),
        actions={"open": "https://example.com/a,b", "webhook": ("https://example.com/1", "https://example.com/2")},
        hub=HubEntry("https://hub.local", "jetson-07"),
    )


def test_what_is_not_said_is_as_on_the_command_line() -> None:
    assert parse("app: interact") == Document(app="interact")
    assert parse("app: interact").outputs == Outputs(page=8000, rtsp=None, record=None, journal=None)


def test_keys_whose_entries_are_commented_out_are_as_not_given() -> None:
    assert parse("app: interact\nsources:\n  # - url: 0\nsettings:\noutputs:\nactions:\nhub:\n") == Document(
        app="interact"
    )


def test_an_output_is_switched_off_by_null() -> None:
    assert parse("outputs: {page: null}").outputs.page is None


WRONG = [
    ("", "footlights.yaml is empty: it needs at least 'sources' and 'app'"),
    ('app: a\nsources: ["\\ud83d\\ude00"]', "footlights.yaml:2: half a character, written as \\u and a number; "),
    ("- 1", "footlights.yaml:1: a configuration begins with keys, such as 'sources:' and 'app:'"),
    ("app: a\nsources: [", "footlights.yaml:2: not valid YAML: "),
    ("app: a\n\tb: c", "footlights.yaml:2: not valid YAML: "),
    ("app: \x01", "footlights.yaml: not valid YAML: unacceptable character"),
    ("settings: {day: 2026-13-45}", "footlights.yaml: not valid YAML: month must be in 1..12"),
    ("a: 1\n---\nb: 2", "footlights.yaml:2: not valid YAML: but found another document"),
    ("app: a\nsurces: []", "footlights.yaml:2: unknown setting 'surces': did you mean 'sources'? Valid: actions, app,"),
    ("sources:\n  - url: x\n  - ulr: y", "footlights.yaml:3: unknown setting 'sources[1].ulr': did you mean 'url'?"),
    ("sources:\n  - name: a", "footlights.yaml:2: setting 'sources[0].url' is missing"),
    ("sources: [a.mp4]", "footlights.yaml:1: setting 'sources[0]' must be a mapping of url, name, loop, got 'a.mp4'"),
    ("sources:\n  - url: x\n    loop: maybe",
     "footlights.yaml:3: setting 'sources[0].loop' must be yes or no, got 'maybe'"),
    ("outputs:\n  rtsp: 1\n  page: 99999",
     "footlights.yaml:3: setting 'outputs.page' must be a whole number from 0 to 65535, got 99999"),
    ("actions:\n  open: 5", "footlights.yaml:2: setting 'actions.open' must be text or a list, each text, got 5"),
    ("settings: 3", "footlights.yaml:1: setting 'settings' must be a mapping of names to values, got 3"),
    ("app: a\napp: b", "footlights.yaml:2: 'app' is given for the second time; which one holds?"),
    ("settings:\n  a: {b: 1}\n  a: {b: 2}", "footlights.yaml:3: 'a' is given for the second time"),
    ("sources: &a [*a]", "footlights.yaml:1: setting 'sources[0]' must be a mapping"),
    ("hub: {url: x}", "footlights.yaml:1: setting 'hub.device' is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), WRONG)
def test_what_is_not_valid_gives_one_line_with_its_number(text: str, line: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse(text)
    assert str(raised.value).startswith(line)
    assert "\n" not in str(raised.value)


def test_every_problem_is_told_with_its_own_line() -> None:
    with pytest.raises(SettingsError) as raised:
        parse("app: [a]\noutputs:\n  page: x\n", "show.yaml")
    assert [line.split(" ")[0] for line in str(raised.value).splitlines()] == ["show.yaml:1:", "show.yaml:3:"]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nothing\.yaml cannot be read: No such file or directory"):
        load(tmp_path / "nothing.yaml")
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load(tmp_path)
    (tmp_path / "clip.mp4").write_bytes(b"\x00\x00\x00\x18ftyp\xff\xfe")
    with pytest.raises(SettingsError, match=r"clip.mp4 is not text in UTF-8 \(byte 8\)"):
        load(tmp_path / "clip.mp4")


@hypothesis_settings(deadline=None, max_examples=50)
@given(st.text(alphabet=st.sampled_from("sources:ap{}[]-&*!|>'\"#,\n\t 0~<?%@`"), max_size=40))
def test_no_text_brings_anything_but_a_document_or_a_settings_error(text: str) -> None:
    try:
        parse(text)
    except SettingsError as error:
        assert str(error).startswith("footlights.yaml")
