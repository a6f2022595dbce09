import re
import shutil
from pathlib import Path

import pytest

from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.media.journal import Journal
from footlights.media.picture import ArrayPicture
from tests.media.conftest import grey

DOCS = Path(__file__).parents[2] / "docs"
PROGRAMS = [
    pytest.param(program, id=f"{page}-{number}")
    for page in ("sources-and-outputs.md", "events.md")
    for number, program in enumerate(re.findall(r"```python\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL))
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_programs_of_the_docs_run(
    program: str, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(clip, "clip.mp4")
    journal = Journal("events.jsonl")
    frame = Frame(ArrayPicture(grey(1)), 1.5, "stage", 0)
    journal.write(Scene(frame, events=[Event("gesture.begin", "stage", 1.5)]))
    journal.close()
    exec(compile(program, "docs", "exec"), {})
    if "Recorder" in program:
        assert Path("out.mp4").stat().st_size > 1000
    else:
        assert capsys.readouterr().out == "/footlights/stage 1.5 dev.footlights.gesture.begin\n"


def test_there_are_programs_in_the_docs() -> None:
    assert len(PROGRAMS) >= 2
