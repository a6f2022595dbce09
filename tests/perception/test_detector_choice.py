"""One detector for most streams, and their own for some."""

import numpy as np
import pytest

from footlights.core.errors import SettingsError
from footlights.core.frame import Frame
from footlights.core.scene import Detections, Scene
from footlights.media.picture import ArrayPicture
from footlights.perception.detector_choice import DetectorChoice, read_choice


class Finds:
    """A detector that finds one thing in every picture."""

    def __init__(self, *labels: str) -> None:
        self.labels = labels

    def run(self, scenes: list[Scene]) -> None:
        for scene in scenes:
            one = np.ones(1, np.float32)
            scene.detections = Detections(np.array([[0, 0, 1, 1]], np.float32), one, self.labels[:1])


def scene(stream: str) -> Scene:
    return Scene(Frame(ArrayPicture(np.zeros((8, 8, 3), np.uint8)), 0.0, stream, 0))


def test_every_stream_is_looked_at_with_its_own() -> None:
    choice = DetectorChoice(Finds("can", "box"), {"yard": Finds("person", "box")})  # type: ignore[arg-type, dict-item]
    scenes = [scene("line"), scene("yard"), scene("line-2")]
    choice.run(scenes)
    assert [one.detections.labels[0] for one in scenes if one.detections] == ["can", "person", "can"]
    assert choice.labels == ("can", "box", "person")


def test_models_are_read_by_stream() -> None:
    assert read_choice(["yard: yolox-nano", " hall :  C:/my models/a.onnx"]) == {
        "yard": "yolox-nano",
        "hall": "C:/my models/a.onnx",
    }


@pytest.mark.parametrize("text", ["yolox-nano", "yard:", ": yolox-nano", "yard yolox-nano"])
def test_what_names_no_stream_or_no_model_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="such as 'yard: yolox-nano'"):
        read_choice([text])


def test_two_models_for_one_stream_are_refused() -> None:
    with pytest.raises(SettingsError, match="two models for 'yard'"):
        read_choice(["yard: a.onnx", "yard: b.onnx"])
