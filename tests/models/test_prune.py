from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from footlights.models.cache import find
from footlights.models.cards import card
from footlights.models.prune import prune
from footlights.models.session import open_session


def test_what_is_kept_computes_the_same(models: Callable[..., None], tmp_path: Path) -> None:
    models("face_landmark")
    whole = find(card("face_landmark"))
    path = tmp_path / "presence.tflite"
    path.write_bytes(prune(whole.read_bytes(), ["conv2d_31"]))
    picture = np.random.default_rng(1).random((1, 192, 192, 3), np.float32)
    small = open_session(path)
    assert list(small.outputs) == ["conv2d_31"]
    assert path.stat().st_size < whole.stat().st_size
    np.testing.assert_array_equal(small.run(picture)["conv2d_31"], open_session(whole).run(picture)["conv2d_31"])


def test_the_pose_model_has_no_segmentation(models: Callable[..., None]) -> None:
    models("pose_landmark_full")
    session = open_session("pose_landmark_full")
    assert set(session.outputs) == set(card("pose_landmark_full").keep)
    assert session.outputs["Identity_3"] == (1, 64, 64, 39)


def test_what_lies_inside_becomes_an_output(models: Callable[..., None], tmp_path: Path) -> None:
    models("image-features")
    session = open_session("image-features")
    first, second = card("image-features").keep
    assert session.outputs == {first: (1, 28, 28, 256), second: (1, 14, 14, 512)}
    path = tmp_path / "shorter.tflite"
    path.write_bytes(prune(find(card("image-features")).read_bytes(), [first]))
    assert path.stat().st_size < find(card("image-features")).stat().st_size / 4
    picture = np.random.default_rng(1).integers(0, 255, (1, 224, 224, 3), np.uint8)
    np.testing.assert_array_equal(open_session(path).run(picture)[first], session.run(picture)[first])


def test_an_output_that_is_not_there(models: Callable[..., None]) -> None:
    models("face_landmark")
    with pytest.raises(ValueError, match=r"conv2d_21.*conv2d_31"):
        prune(find(card("face_landmark")).read_bytes(), ["mesh"])
