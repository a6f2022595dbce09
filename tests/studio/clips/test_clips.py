"""A recogniser of clips: learned from a few, reproducible, exported, run step by step."""

import tomllib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("onnx", reason="the extra `train` is not installed")

from footlights.core.errors import ModelCorruptError, SettingsError  # noqa: E402
from footlights.core.scene import Hand, Pose, Region  # noqa: E402
from footlights.models.bundle import open_bundle  # noqa: E402
from footlights.recognition.clip_classes import BACKGROUND, ClipClassifier, Ticks  # noqa: E402
from footlights.recognition.movement.features import VIEWS, columns  # noqa: E402
from footlights.recognition.movement.reader import MovementReader  # noqa: E402
from footlights.recognition.movement.sight import SIDES  # noqa: E402
from footlights.studio import onnx_file  # noqa: E402
from footlights.studio.clips import export as exporting  # noqa: E402
from footlights.studio.clips.dataset import Clip, SeenClip, check, labels_of  # noqa: E402
from footlights.studio.clips.export import export  # noqa: E402
from footlights.studio.clips.net import ClipStepper, people_net, shipped  # noqa: E402
from footlights.studio.clips.recipe import train  # noqa: E402
from footlights.studio.clips.scores import probabilities  # noqa: E402
from footlights.studio.clips.seeing import as_sight, rows_of  # noqa: E402
from footlights.studio.clips.training import Run, Settings, loss  # noqa: E402
from footlights.studio.clips.variants import faster, mirrored, steps_of  # noqa: E402
from footlights.studio.watching import StoppedError, Watcher  # noqa: E402
from tests.studio.clips.films import landmarks  # noqa: E402

SMALL = Settings(epochs=5, batch=6, variants=4, everyday=False, seed=3)
CLASSES = ("breaststroke", "climb_rope", "steer")
LABELS = (*CLASSES, BACKGROUND)


def seen_clips(first: int, count: int) -> list[SeenClip]:
    return [
        SeenClip(Clip(Path(f"{label}{n}.mp4"), label, f"{label}{n}", f"{label}{n}"), landmarks(label, first + n))
        for label in CLASSES
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def learned() -> Run:
    """A small training on clips as perfect eyes would see them."""
    torch.set_num_threads(1)
    run = Run(SMALL, LABELS, seen_clips(0, 3), seen_clips(50, 2))
    while not run.ended:
        run.epoch()
    return run


def test_a_few_clips_are_enough_for_new_ones_of_other_people(learned: Run) -> None:
    assert learned.judged().accuracy == 1.0
    assert learned.history[-1]["loss"] < 0.5 * learned.history[0]["loss"]


def test_the_same_seed_gives_the_same_net_interrupted_or_not(learned: Run) -> None:
    first, second = (Run(SMALL, LABELS, seen_clips(0, 3), seen_clips(50, 2)) for _ in range(2))
    first.epoch()
    first.epoch()
    second.restore(first.state())
    while not second.ended:
        second.epoch()
    kept, other = learned.average.state_dict(), second.average.state_dict()
    assert all(torch.equal(kept[name], other[name]) for name in kept)
    with pytest.raises(SettingsError, match="other settings"):
        Run(replace(SMALL, epochs=9), LABELS, seen_clips(0, 1), seen_clips(50, 1)).restore(first.state())


def test_only_the_last_blocks_and_the_head_learn(learned: Run) -> None:
    for layers in (0, 1, 2):
        net = people_net(3)
        net.freeze(layers)
        backbones: Any = net.backbones
        for backbone in backbones:
            learning = [any(weight.requires_grad for weight in block.parameters()) for block in backbone.blocks]
            assert learning == [False] * (len(learning) - layers) + [True] * layers
    before: Any = people_net(4).backbones[0].blocks
    after: Any = learned.average.backbones[0].blocks
    assert torch.equal(before[0].taps.weight, after[0].taps.weight)
    assert not torch.equal(before[-1].taps.weight, after[-1].taps.weight)


def test_the_backbone_is_the_shipped_net() -> None:
    reader = MovementReader("gestures")
    rows = rows_of(landmarks("steer", 5), "people")
    mine = columns(VIEWS["gestures"], VIEWS["whole"])
    with torch.no_grad():
        ours = torch.sigmoid(shipped("gestures")(torch.from_numpy(rows[None][..., mine])))[0].numpy()
    from footlights.studio.movement.export import stepped

    assert ours == pytest.approx(stepped(reader.file, rows[:, mine]), abs=1e-4)


def test_step_by_step_it_says_the_same_as_at_once(learned: Run, tmp_path: Path) -> None:
    rows = [rows_of(one.found, "people") for one in learned.valid]
    difference, _ = export(learned.average, LABELS, [0.5] * 4, "people", rows, "0" * 64, tmp_path)
    assert difference <= 1e-3
    notes = tomllib.loads((tmp_path / "card.toml").read_text())
    assert notes["recogniser"]["parity"] == pytest.approx(difference, rel=0.01)
    model = ClipClassifier.open(tmp_path / "model.zip")
    assert model.labels == LABELS and model.of_people
    one = learned.valid[0]
    sight, state, answers = as_sight(one.found), model.new_person(), []
    nowhere = Region(0.0, 0.0, 1.0, 0.0)
    for step, time in enumerate(sight.times.tolist()):
        world = np.zeros((33, 3), np.float32)
        world[:, 2] = sight.depths[step]
        pose = Pose(sight.points[step], world[:, 2], sight.seen[step].astype(np.float32), world, 1.0, nowhere)
        hands = {
            side: Hand(sight.hands[step, i], np.zeros(21, np.float32), sight.shapes[step, i], 1.0, side, nowhere)
            for i, side in enumerate(SIDES)
        }  # fmt: skip
        answers.append(model.step_person(state, time, pose, hands))
    assert np.stack(answers) == pytest.approx(probabilities(learned.average, rows[0]), abs=1e-3)


def test_a_file_that_answers_otherwise_is_not_kept(
    learned: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "exported", lambda *args: None)
    monkeypatch.setattr(onnx_file, "write", lambda model, path: path.write_bytes(b"x"))
    monkeypatch.setattr(exporting, "_compared", lambda net, path, clips: (0.002, 1.0))
    with pytest.raises(ModelCorruptError, match="was not kept"):
        export(learned.average, LABELS, [0.5] * 4, "people", [rows_of(learned.valid[0].found, "people")], "", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_stepper_forgets_nothing_it_needs() -> None:
    net = people_net(4).eval()
    stepper = ClipStepper(net)
    rows = np.random.default_rng(0).normal(size=(150, VIEWS["whole"].width)).astype(np.float32)
    memory, told = torch.zeros(1, stepper.depth, stepper.channels), []
    with torch.no_grad():
        for row in rows:
            answer, memory = stepper(torch.from_numpy(row[None]), memory)
            told.append(answer[0].numpy())
    assert np.stack(told) == pytest.approx(probabilities(net, rows), abs=1e-4)


def test_a_mirror_image_seen_in_a_mirror_is_as_before() -> None:
    seen = as_sight(landmarks("air_guitar", 4))
    twice = steps_of(mirrored(mirrored(seen)))
    assert twice == pytest.approx(steps_of(seen), abs=2e-3)
    assert np.abs(steps_of(mirrored(seen)) - steps_of(seen)).max() > 0.5
    assert len(steps_of(faster(seen, 2.0))) == pytest.approx(len(steps_of(seen)) / 2, abs=1)


def test_a_clip_may_show_nothing_now_and_then_but_no_other_class() -> None:
    def told(*kinds: int) -> Any:
        logits = torch.full((1, len(kinds), 3), -6.0)
        logits[0, torch.arange(len(kinds)), torch.tensor(kinds)] = 6.0
        return torch.log_softmax(logits, -1)

    spans = [[(0, 0, 10)]]
    right = float(loss(told(*[0] * 10), spans))
    resting = float(loss(told(*[2] * 5, *[0] * 5), spans))
    another = float(loss(told(*[1] * 5, *[0] * 5), spans))
    assert resting == pytest.approx(right, abs=0.01) and another > right + 3


def test_what_cannot_be_learned_is_refused_in_one_line() -> None:
    def clips(*labels: str) -> list[Clip]:
        return [Clip(Path(f"{n}.mp4"), label, str(n)) for n, label in enumerate(labels)]

    for train_, valid, line in (
        ([], [], "no clips to learn from"),
        (clips("a", "a"), clips("a"), "clips of 'a' only"),
        (clips("a", "b"), [], "no clips to judge with"),
        (clips("a", "b"), clips("c"), "valid has clips of 'c'"),
    ):
        with pytest.raises(SettingsError, match=line):
            check(train_, valid)
    assert labels_of(clips("b", BACKGROUND, "a")) == ("a", "b", BACKGROUND)
    with pytest.raises(SettingsError, match="no layers to fine-tune"):
        Run(Settings(backbone="picture", layers_to_finetune=2), LABELS, [], [])


def test_pictures_are_looked_at_on_a_grid_whatever_the_frame_rate() -> None:
    for fps in (10, 24, 30, 60):
        ticks = Ticks()
        looked = [index / fps for index in range(3 * fps) if ticks.due(index / fps)[0]]
        assert len(looked) == 30
    ticks = Ticks()
    assert [ticks.due(time) for time in (0.0, 0.05, 5.0)] == [(True, False), (False, True), (True, False)]


def balls(path: Path, label: str, seed: int) -> Path:
    """A film of a ball that rolls, or of one that jumps."""
    import av

    rng = np.random.default_rng((seed, len(label)))
    path.parent.mkdir(parents=True, exist_ok=True)
    back, front = rng.integers(20, 110, 3), rng.integers(150, 250, 3)
    y, x = np.mgrid[:96, :128]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 10)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for step in range(14):
            across = 10 + 8 * step if label == "rolling" else 64
            down = 80 if label == "rolling" else 80 - abs(60 * np.sin(0.7 * step + seed))
            image = np.broadcast_to(back, (96, 128, 3)).astype(np.uint8).copy()
            image[(x - across) ** 2 + (y - down) ** 2 < 150] = front
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode())
    return path


def test_things_that_are_no_people_are_learned_from_whole_pictures(models: Callable[..., None], tmp_path: Path) -> None:
    models("image-features")
    sides = [
        [Clip(balls(tmp_path / f"{label}{n}.mp4", label, n), label, f"{label}{n}", f"{label}{n}")
         for label in ("rolling", "jumping") for n in numbers]
        for numbers in (range(3), range(3, 5))
    ]  # fmt: skip
    settings = Settings(backbone="picture", epochs=5, batch=4, variants=3)
    report = train(sides[0], sides[1], tmp_path / "out", tmp_path / "cache", settings, Watcher(), threads=1)
    assert report.valid["accuracy"] == 1.0 and report.parity["onnx"] <= 1e-3
    model = ClipClassifier(open_bundle(tmp_path / "out"))
    assert not model.of_people
    with pytest.raises(SettingsError, match="no classifier of what people do"):
        MovementReader.of_bundle(open_bundle(tmp_path / "out"))


def test_a_training_stops_when_it_is_told_to_and_goes_on(models: Callable[..., None], tmp_path: Path) -> None:
    models("image-features")
    clips = [Clip(balls(tmp_path / f"{label}.mp4", label, 1), label, label, label) for label in ("rolling", "jumping")]
    settings = Settings(backbone="picture", epochs=3, batch=2, variants=0)
    lines: list[int] = []
    for last in (1, 2):
        watcher = Watcher(epoch=lambda line: lines.append(line["epoch"]), stop=partial(lines.__contains__, last))
        with pytest.raises(StoppedError, match="can be resumed"):
            train(clips, clips, tmp_path / "out", tmp_path / "cache", settings, watcher, threads=1)
        assert lines == list(range(1, last + 1))
