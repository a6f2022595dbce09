"""Pictures for the tests of perception."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from footlights.core.app import Detector, Stage
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.media.picture import ArrayPicture
from footlights.perception.track import BoxTracker


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of test data that cannot be committed."""
    folder = os.environ.get("FOOTLIGHTS_DATA")
    if not folder:
        pytest.skip("FOOTLIGHTS_DATA is not set: it names the folder with the pictures for this test")
    return Path(folder)


def scene_of(picture: np.ndarray, time: float = 0.0) -> Scene:
    """A scene of an (H, W, 3) RGB picture."""
    return Scene(Frame(ArrayPicture(picture), time, "test", round(time * 30)))


def follow(pictures: Iterable[np.ndarray], detector: Detector, stages: list[Stage], every: float = 1.0) -> list[Scene]:
    """Every picture of a clip of 30 frames a second through detector, tracker and stages."""
    tracker, scenes = BoxTracker(), []
    for index, picture in enumerate(pictures):
        scene = scene_of(picture, index / 30)
        if index % round(30 * every) == 0:
            detector.run([scene])
        tracker.update(scene)
        for stage in stages:
            stage.run(scene)
        scenes.append(scene)
    return scenes
