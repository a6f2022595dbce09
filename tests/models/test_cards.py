from pathlib import Path

import pytest

from footlights.core.errors import SettingsError
from footlights.models.cards import card, cards, read_card

GOOD = """
title = "A model"
source = "https://example.org/models/tiny.onnx"
sha256 = "00"
size = 3
licence = "MIT"
[input]
width = 8
height = 8
[head]
kind = "yolox"
"""


def test_every_card_says_where_from_and_what() -> None:
    for name, item in cards().items():
        assert item.name == name
        assert item.shipped or item.source.startswith(("pypi:", "npm:", "https://"))
        assert len(bytes.fromhex(item.sha256)) == 32
        assert item.path or item.source.startswith("https://")
        assert item.size > 10_000
        assert item.licence
        assert item.stored.endswith((".tflite", ".onnx"))
    assert len({item.stored for item in cards().values()}) == len(cards())


def test_yolox_names_what_it_finds() -> None:
    assert len(card("yolox-nano").labels) == 80
    assert card("yolox-nano").labels[0] == "person"


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match="did you mean pose_detection"):
        card("pose_detecton")


def test_another_cut_of_the_same_file_is_stored_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(GOOD)
    whole = read_card(path)
    path.write_text('keep = ["one"]\n' + GOOD)
    assert read_card(path).stored != whole.stored
    assert whole.file == "tiny.onnx"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("licence =", "license ="), "license|licence"),
        (('kind = "yolox"', 'kind = "yolo"'), "head.kind"),
        (("width = 8", 'width = "wide"'), "input.width"),
        (("size = 3", "size = "), "not TOML"),
    ],
)
def test_a_wrong_card_is_told_by_its_place(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(GOOD.replace(*change))
    with pytest.raises(SettingsError, match=complaint) as caught:
        read_card(path)
    assert "tiny.toml" in str(caught.value)
    assert "\n" not in str(caught.value)
