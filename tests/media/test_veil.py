"""Blurred things and curtains: nothing of what is behind them is left, in any size and format."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from footlights.core.frame import Frame, Picture
from footlights.media.picture import ArrayPicture, split_planes
from footlights.media.veil import CurtainedPicture, CurtainedSource, VeiledPicture, veiled

RNG = np.random.default_rng(1)
NOISE = ArrayPicture(np.asarray(RNG.integers(0, 255, (120, 160, 3)), np.uint8))
LEFT_HALF = np.array([[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]])
MAKERS: dict[str, Callable[[], Picture]] = {
    "veil": lambda: VeiledPicture(NOISE, np.array([[0.0, 0.0, 0.5, 1.0]], np.float32)),
    "curtain": lambda: CurtainedPicture(NOISE, [LEFT_HALF]),
}


def left(picture: Picture, width: int, height: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """The left and the right quarter of every format."""
    planes = split_planes(picture.yuv420p(width, height), height, width)  # type: ignore[attr-defined]
    images = {"rgb": picture.rgb(width, height), "luma": picture.luma(width, height), "y": planes[0], "u": planes[1]}
    for name, image in images.items():
        quarter = image.shape[1] // 4
        yield name, image[:, :quarter].astype(float), image[:, -quarter:].astype(float)


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("size", [(160, 120), (80, 60)])
def test_nothing_fine_is_left_of_what_is_covered(kind: str, size: tuple[int, int]) -> None:
    for name, covered, free in left(MAKERS[kind](), *size):
        fine = [np.abs(np.diff(part, axis=1)).mean() for part in (covered, free)]
        assert fine[0] < 0.25 * fine[1], name


def test_a_curtain_is_black() -> None:
    assert MAKERS["curtain"]().rgb(160, 120)[:, :80].max() == 0


def test_the_picture_itself_stays_as_it_is() -> None:
    before = NOISE.array.copy()
    for maker in MAKERS.values():
        maker().rgb(160, 120)
    assert np.array_equal(NOISE.array, before)


def test_boxes_outside_empty_and_not_a_number_do_no_harm() -> None:
    boxes = [
        np.array(box, np.float32)
        for box in ([-50, -50, -10, -10], [30, 30, 30, 30], [np.nan, 0, 5, 5], [150, 110, 400, 400])
    ]
    picture = veiled(NOISE, boxes)
    assert np.array_equal(picture.rgb(160, 120)[:100, 40:140], NOISE.array[:100, 40:140])
    assert veiled(NOISE, []) is NOISE


def test_a_curtained_source_gives_nothing_else() -> None:
    class Camera:
        name, live, duration = "camera", True, None
        closed = False

        def frames(self) -> Iterator[Frame]:
            yield Frame(NOISE, 0.0, "camera", 0)

        def close(self) -> None:
            self.closed = True

    camera = Camera()
    source = CurtainedSource(camera, [LEFT_HALF])
    (frame,) = source.frames()
    assert frame.rgb()[:, :80].max() == 0
    assert frame.luma(80, 60)[:, :40].max() <= 16
    source.close()
    assert camera.closed
    assert (source.name, source.live, source.duration) == ("camera", True, None)
