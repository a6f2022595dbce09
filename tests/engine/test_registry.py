from pathlib import Path

import pytest

from footlights.core.errors import SettingsError
from footlights.engine.registry import app_names, load_app

MINE = """
from footlights.core.app import App
class Mine(App):
    def step(self, scene):
        yield from ()
"""


def test_an_own_file_is_an_app(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    assert load_app(str(file)).__name__ == "Mine"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "exactly one class .* found: none"),
        (MINE + MINE.replace("Mine", "Other"), "found: Mine, Other"),
        ("import nothing_like_this", "cannot be loaded: ModuleNotFoundError"),
        ("def broken(:", "cannot be loaded: SyntaxError"),
    ],
)
def test_a_file_without_one_app_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        load_app(str(file))
    assert "\n" not in str(caught.value)


def test_an_unknown_app_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no file"):
        load_app(str(tmp_path / "absent.py"))
    if "interact" in app_names():
        with pytest.raises(SettingsError, match="did you mean 'interact'"):
            load_app("interct")
