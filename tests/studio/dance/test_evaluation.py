"""The planner scored on songs made to order: the table, the file, the plot."""

import json
from pathlib import Path

import pytest

from footlights.core.errors import SettingsError, SourceError
from footlights.studio.dance import evaluation
from footlights.studio.dance.evaluation import Evaluation, evaluate, write_evaluation


@pytest.fixture(scope="module")
def found() -> Evaluation:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "MADE", 2)
        return evaluate(None)


def test_the_planner_keeps_what_is_promised(found: Evaluation) -> None:
    for row in found.rows:
        beats = row.measures.beats
        assert beats.met >= 0.30 and beats.met >= beats.met_shifted + 0.10, row.song
        assert row.measures.skate.mean <= 0.05 and row.measures.peak_speed <= 9, row.song


def test_the_table_names_every_song_and_dancer(found: Evaluation, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need matplotlib: pip install 'footlights[train]'")
    text = write_evaluation(found, tmp_path / "score")
    assert text.count("| planner |") == 2 + 1 + 1 and "made to order 0" in text and "one half to the other" in text
    table = json.loads((tmp_path / "score" / "evaluation.json").read_text())
    assert [row["dancer"] for row in table["rows"]] == ["planner"] * 2 and "beats" in table["rows"][0]
    assert (tmp_path / "score" / "evaluation.png").stat().st_size > 10_000


def test_a_folder_without_music_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no music"):
        evaluate(tmp_path)


def test_two_models_of_one_name_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "MADE", 1)
    monkeypatch.setattr(evaluation, "open_model", lambda path: path)
    with pytest.raises(SettingsError, match="same name"):
        evaluate(None, [Path("a/x.onnx"), Path("b/x.onnx")])
