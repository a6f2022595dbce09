"""Several detection models in one program: one for all streams but those that have their own."""

import re
from collections.abc import Mapping, Sequence

from footlights.core.errors import SettingsError
from footlights.core.scene import Scene
from footlights.perception.objects import ObjectDetector


def read_choice(texts: Sequence[str]) -> dict[str, str]:
    """Models by the name of a stream, from texts such as "yard: yolox-nano". Raises SettingsError."""
    chosen: dict[str, str] = {}
    for text in texts:
        found = re.fullmatch(r"\s*([^:\s]+)\s*:\s+(\S.*?)\s*", text)
        if found is None:
            raise SettingsError(f"model_for: {text!r} must be a stream's name and a model, such as 'yard: yolox-nano'")
        if found[1] in chosen:
            raise SettingsError(f"model_for: there are two models for '{found[1]}'")
        chosen[found[1]] = found[2]
    return chosen


class DetectorChoice:
    """Looks at every stream with the detector that was chosen for it, else with the usual one."""

    def __init__(self, usual: ObjectDetector, own: Mapping[str, ObjectDetector]) -> None:
        self._usual, self._own = usual, own
        self.labels = tuple(dict.fromkeys(label for one in (usual, *own.values()) for label in one.labels))

    def run(self, scenes: list[Scene]) -> None:
        """Fill `detections` of every scene."""
        for detector in (self._usual, *self._own.values()):
            mine = [scene for scene in scenes if self._own.get(scene.frame.stream, self._usual) is detector]
            if mine:
                detector.run(mine)
