"""Postures from photos: what is learned from landmarks does not care who, where and how large."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("onnx", reason="the extra `train` is not installed")

from footlights.core.errors import SettingsError  # noqa: E402
from footlights.core.frame import Frame  # noqa: E402
from footlights.core.scene import Scene, Track  # noqa: E402
from footlights.media.picture import ArrayPicture  # noqa: E402
from footlights.recognition.own_models import Memory, open_own  # noqa: E402
from footlights.recognition.photo_classes import PhotoClassifier, body_view  # noqa: E402
from footlights.studio.photos.dataset import Photo  # noqa: E402
from footlights.studio.photos.export import _card, _write  # noqa: E402
from footlights.studio.photos.features import FeatureSet  # noqa: E402
from footlights.studio.photos.looks import Eye, other_body  # noqa: E402
from footlights.studio.photos.net import Exported  # noqa: E402
from footlights.studio.photos.training import Run, Settings, judge  # noqa: E402
from tests.recognition.movement.puppet import Seen, seen  # noqa: E402


def frames(label: str, seed: int) -> list[Seen]:
    """Moments at which it is done, or not."""
    return seen(f"{label}?seed={seed}&camera=knees", fps=10, seconds=2.2)[16:]


def bodies(seeds: range, variants: int) -> FeatureSet:
    rng, rows, kinds = np.random.default_rng(1), [], []
    for seed in seeds:
        for kind, label in enumerate(("arms_up", "idle")):
            for _, pose, _ in frames(label, seed):
                row = body_view(pose)
                rows.append(np.stack([row, *(other_body(row, rng, True) for _ in range(variants))]))
                kinds.append(kind)
    photos = tuple(Photo(Path(f"{n}.jpg"), kind, "", str(n), b"") for n, kind in enumerate(kinds))
    return FeatureSet(np.stack(rows), np.array(kinds), photos, ())


@pytest.fixture(scope="module")
def run() -> Run:
    trained = Run(
        Settings(crop="body", epochs=8, batch=8), ("arms_up", "not"), bodies(range(6), 3), bodies(range(50, 53), 0)
    )
    while not trained.ended:
        trained.epoch()
    return trained


def test_a_posture_is_known_on_others(run: Run) -> None:
    assert (judge(run.average, run.valid).argmax(axis=1) == run.valid.kinds).all()


def test_place_and_size_make_no_difference() -> None:
    _, pose, _ = frames("arms_up", 2)[0]
    moved = replace(pose, xy=(pose.xy * 1.7 + [300, 40]).astype(np.float32))
    assert body_view(moved) == pytest.approx(body_view(pose), abs=1e-4)
    rng = np.random.default_rng(3)
    others = np.stack([other_body(body_view(pose), rng, False) for _ in range(50)])
    assert np.abs(others.mean(axis=0) - body_view(pose))[:165].max() < 0.35


def test_the_engine_asks_about_every_body(run: Run, tmp_path: Path) -> None:
    _write(Exported(run.average, 1.0), Eye("body"), tmp_path / "model.onnx")
    (tmp_path / "labels.txt").write_text("arms_up\nnot\n")
    (tmp_path / "card.toml").write_text(_card(run.labels, [0.6, 0.6], "body", "0"))
    model = open_own(tmp_path)
    assert model.needs == {"pose"} and model.single and model.thresholds == (0.6, 0.6)
    frame = Frame(ArrayPicture(np.zeros((48, 64, 3), np.uint8)), 0.0, "test", 0)
    _, pose, _ = frames("arms_up", 51)[0]
    track = Track(1, "person", np.array([0, 0, 9, 9], np.float32), 1.0, 0.0, 0.0, pose=pose)
    told = model.read(Memory(), Scene(frame), track)
    with torch.no_grad():
        ours = Exported(run.average, 1.0)(torch.from_numpy(body_view(pose)[None]))[0].numpy()
    assert told == pytest.approx(ours, abs=1e-3) and told is not None and told.argmax() == 0
    assert model.read(Memory(), Scene(frame), replace(track, pose=None)) == pytest.approx([0, 0])
    with pytest.raises(SettingsError, match="is asked about a picture"):
        PhotoClassifier.open(tmp_path).read(frame)
