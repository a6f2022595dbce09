import re
import shutil
from pathlib import Path

import av
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "live-video.md"
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
def test_the_programs_of_the_page_run(
    program: str, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(clip, "clip.mp4")
    exec(compile(program, "docs", "exec"), {})
    if "WallFeed" in program:
        with av.open("wall.mp4") as opened:
            assert sum(1 for _ in opened.decode(video=0)) == 50
    else:
        assert capsys.readouterr().out == "(1, 1) ['wall', 'clip']\n"


def test_there_are_programs_on_the_page() -> None:
    assert len(PROGRAMS) == 2
