"""Settings that were changed while running find their way into the configuration file."""

import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from footlights.apps.inspect import Inspect
from footlights.cli.keep import amended, as_document, keep
from footlights.core.errors import SettingsError
from footlights.wire.document import load, parse
from footlights.wire.settings import validate

ZONES = ["door: 0.1,0.2 0.5,0.2 0.5,0.9", "gate: 0.1,0.5 0.9,0.5"]
WRITTEN = """# the hall
sources:
  - url: rtsp://camera.local/1   # over the door
app: inspect
settings:
  interval: 2     # every third
  place:
    - 'old: 0,0 1,0 1,1'
    # nothing else
  # the rest is as it comes
  gate: no
outputs: {page: 8080}
"""


def test_only_the_values_change_and_comments_stay() -> None:
    out = amended(WRITTEN, {"interval": 7, "place": ZONES, "alert": ["down in door"], "head": None})
    assert yaml.safe_load(out) == {
        **yaml.safe_load(WRITTEN),
        "settings": {"interval": 7, "place": ZONES, "gate": False, "alert": ["down in door"], "head": None},
    }
    for comment in ("# the hall", "# over the door", "interval: 7     # every third", "# the rest is as it comes"):
        assert comment in out


@pytest.mark.parametrize(
    "text",
    [
        "app: inspect\n",
        "app: inspect",
        "app: inspect\nsettings:\n",
        "settings:\napp: inspect\n",
        "app: inspect\nsettings: {}\n",
        "app: inspect\nsettings: {interval: 3}\n",
        "app: inspect\nsettings: {interval: 3, place: ['a: 0,0 1,1']}\noutputs: {page: 0}\n",
        "app: inspect\nsettings:\n    interval: 3\n    place: []",
        "{app: inspect, settings: {interval: 3}}",
        "settings: &it\n  interval: 3\nother: *it\n",
        "settings:\n  label: |\n    a\n  interval: 3\n# the end\n",
    ],
)
@pytest.mark.parametrize("values", [{"interval": 9}, {"place": ZONES, "model": "a: b #c"}, {"place": [], "gate": True}])
def test_however_it_is_written(text: str, values: dict[str, Any]) -> None:
    before = yaml.safe_load(text)
    wanted = {**before, "settings": {**(before.get("settings") or {}), **values}}
    assert yaml.safe_load(amended(text, values)) == wanted


def test_a_file_is_replaced_whole_and_keeps_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "footlights.yaml"
    path.write_text(WRITTEN)
    path.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    given = load(path).settings
    keep(link, validate(Inspect.Settings, {**given, "score": 0.5, "alert": ["camera covered"]}))
    document = load(link)
    assert document.settings == {**given, "score": 0.5, "alert": ["camera covered"]}
    assert document.sources[0].url == "rtsp://camera.local/1"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["footlights.yaml", "link.yaml"]


def test_what_was_not_changed_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "footlights.yaml"
    path.write_text(WRITTEN)
    keep(path, validate(Inspect.Settings, load(path).settings))
    assert path.read_text() == WRITTEN


def test_a_file_that_has_gone_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        keep(tmp_path / "footlights.yaml", Inspect.Settings())


def test_a_new_document_begins_with_the_settings() -> None:
    settings = Inspect.Settings(interval=7, place=tuple(ZONES))
    document = parse(as_document("inspect", settings))
    assert document.app == "inspect"
    assert document.settings == {"interval": 7, "place": ZONES}
