"""What pages say: markup that nobody can break out of, commands that can be typed, previews of clips."""

import json
import shlex
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from websockets.sync.client import connect

from footlights.studio.project import Kind, ModelRun, Project
from footlights.studio.web.pages.home import card
from footlights.studio.web.pages.use import commands
from footlights.studio.web.previews import length, preview, strip
from footlights.wire.settings import validate
from tests.studio.web.conftest import Studio


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Two seconds that grow brighter, at ten frames a second."""
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 10)
        for index in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 12 * index, np.uint8), "rgb24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _pixels(jpeg: bytes) -> np.ndarray:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE))


def test_a_strip_shows_moments_in_order(clip: Path) -> None:
    assert length(clip) == pytest.approx(2.0, abs=0.11)
    tiles = np.array_split(_pixels(strip(clip, "a", 4, 24)), 4, axis=1)
    assert [tile.shape for tile in tiles] == [(24, 32)] * 4
    bright = [float(tile.mean()) for tile in tiles]
    assert np.allclose(bright, [12 * 20 * (index + 0.5) / 4 for index in range(4)], atol=15)


def test_the_preview_of_a_clip_is_its_middle(clip: Path) -> None:
    found = _pixels(preview(clip, "a", 96))
    assert max(found.shape) == 96 and found.mean() == pytest.approx(120, abs=15)


def test_a_title_stays_text(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "p", "photos", "<script>x</script>", ["a"])
    assert "<script>" not in card('p"><script>', project)


@pytest.mark.parametrize("kind", ["photos", "boxes"])
def test_commands_can_be_typed_as_they_stand(tmp_path: Path, kind: Kind) -> None:
    project = Project.create(tmp_path / "my project", kind, "p", ["it's up", "down"])
    run = ModelRun("001", tmp_path / "my project" / "models" / "001")
    run.folder.mkdir(parents=True)
    (run.folder / "model.zip").write_bytes(b"")
    typed = [shlex.split(command) for _, command in commands(project, run)]
    assert all(str(run.model) in words for words in typed)
    assert "it's up" in typed[1]
    if kind == "boxes":
        from footlights.apps.inspect import Inspect

        place = typed[1].index("--alert")
        Inspect(validate(Inspect.Settings, {"model": "yolox-nano", "alert": [typed[1][place + 1]]}))


def test_who_tries_a_model_that_is_not_there_is_told(studio: Studio) -> None:
    Project.create(studio.folder / "untrained", "photos", "Untrained", ["a", "b"])
    with connect(f"{studio.base.replace('http', 'ws')}/api/projects/untrained/live") as socket:
        told = json.loads(socket.recv(10))
        assert told["type"] == "refused" and "train one first" in told["problem"]
    with connect(f"{studio.base.replace('http', 'ws')}/api/projects/nowhere/live") as socket:
        assert "no project" in json.loads(socket.recv(10))["problem"]
