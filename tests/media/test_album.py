from pathlib import Path

import cv2
import numpy as np
import pytest

from footlights.core.cue import Text
from footlights.core.errors import SinkError
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.media.album import Album
from footlights.media.picture import ArrayPicture


def scene(time: float, index: int, stream: str = "door", *, closing: bool = False) -> Scene:
    picture = ArrayPicture(np.full((120, 160, 3), 200, np.uint8))
    return Scene(Frame(picture, time, stream, index), cues=[Text("hello")], closing=closing)


def test_one_picture_a_second_of_each_stream_with_what_is_drawn(tmp_path: Path) -> None:
    album = Album(tmp_path / "new" / "folder")
    for index in range(25):
        album.write(scene(index / 10, index))
        album.write(scene(index / 10, index, "stage"))
    album.write(scene(9.0, 90, closing=True))
    album.close()
    names = sorted(path.name for path in (tmp_path / "new" / "folder").iterdir())
    assert names == [f"{stream}-{index:06d}.jpg" for stream in ("door", "stage") for index in (0, 10, 20)]
    saved = cv2.imread(str(tmp_path / "new" / "folder" / names[0]))
    assert saved.shape == (120, 160, 3)
    assert saved.min() < 120  # the text's dark plate


def test_a_place_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match="choose another folder"):
        Album(tmp_path / "file" / "below")
