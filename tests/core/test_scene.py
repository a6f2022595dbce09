import numpy as np
import pytest

from footlights.core.errors import FootlightsError, ShapeError
from footlights.core.frame import Frame
from footlights.core.per_track import PerTrack
from footlights.core.scene import Detections, Scene
from footlights.core.skeleton import BODY, BODY_LINES, BODY_MIRROR, HAND, HAND_LINES
from footlights.media.picture import ArrayPicture


def test_arrays_are_checked_at_the_border() -> None:
    with pytest.raises(ShapeError, match=r"Detections.boxes must have the shape \(None, 4\).* got \(3, 5\)"):
        Detections(np.zeros((3, 5), np.float32), np.zeros(3, np.float32), ("a",) * 3)
    with pytest.raises(ShapeError, match="must hold 2 names, got 1"):
        Detections(np.zeros((2, 4), np.float32), np.zeros(2, np.float32), ("a",))
    assert len(Detections.none()) == 0


def test_a_picture_is_rgb() -> None:
    with pytest.raises(ShapeError, match="uint8"):
        ArrayPicture(np.zeros((4, 4), np.uint8))


def test_rgb_is_made_once_for_each_size_and_cannot_be_written_to() -> None:
    ramp = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    frame = Frame(ArrayPicture(ramp), 0.0, "a", 0)
    frame.rgb()
    small = frame.rgb(2, 2)
    assert frame.rgb(2, 2) is small
    assert small[0, 0, 0] == round(float(ramp[:2, :2, 0].mean()))  # area averaging
    with pytest.raises(ValueError, match="read-only"):
        small[0, 0, 0] = 0
    ramp[0, 0, 0] = 7  # whoever made the picture may still write to its own array


def test_state_of_a_track_is_forgotten_with_the_track() -> None:
    counts: PerTrack[list[int]] = PerTrack(list)
    counts[1].append(5)
    counts[2].append(6)
    assert counts.keep([2, 9]) == [(1, [5])]
    assert list(counts) == [(2, [6])]
    assert counts[1] == []


def test_skeletons_are_consistent() -> None:
    assert len(BODY) == 33
    assert len(HAND) == 21
    assert sorted(BODY_MIRROR) == list(range(33))
    for index, other in enumerate(BODY_MIRROR):
        assert BODY_MIRROR[other] == index
        sides = {"left": "right", "right": "left"}
        assert BODY[other] == "_".join(sides.get(word, word) for word in BODY[index].split("_"))
    assert all(0 <= i < 33 for line in BODY_LINES for i in line)
    assert all(0 <= i < 21 for line in HAND_LINES for i in line)


def test_a_scene_says_where_it_is() -> None:
    scene = Scene(Frame(ArrayPicture(np.zeros((2, 2, 3), np.uint8)), 1.23456, "door", 37))
    assert scene.stamp() == {"stream": "door", "index": 37, "time": 1.235}


def test_every_error_has_its_own_exit_code_family() -> None:
    codes = {kind.__name__: kind.exit_code for kind in FootlightsError.__subclasses__()}
    assert all(code != 0 for code in codes.values())
