"""The guide is true: its examples run, its lists are complete."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from footlights.media.rehearsal.cast import Rehearsal
from footlights.media.rehearsal.motion import KINDS, POSTURES, Motion, parse
from footlights.media.rehearsal.room import ROOMS

GUIDE = (Path(__file__).parents[3] / "docs" / "rehearsal.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("example", re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL))
def test_examples_run_and_print_what_they_say(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(example, "rehearsal.md", "exec"), {})
    said = [comment.strip() for comment in re.findall(r"print\(.*\) +# (.*)", example)]
    assert capsys.readouterr().out.splitlines() == [re.sub(r",? .*whether.*", "", line) for line in said]


def test_the_example_of_a_motion_file_is_one() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert len(parse("example", text).cycle) == 1
    for field in fields(Motion):
        derived = field.name in ("name", "kind", "twin")
        assert derived or re.search(rf"^(# )?{field.name} = |^\[\[{field.name}\]\]", text, re.MULTILINE)


def test_the_lists_are_complete() -> None:
    for known in (*KINDS, *ROOMS, *(f.name for f in fields(Rehearsal) if f.name not in ("motions", "shuffled"))):
        assert f"`{known}`" in GUIDE
    assert ", ".join(POSTURES) in GUIDE
