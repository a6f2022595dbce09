"""From pictures of faces to an emotion that does not flicker."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.frame import Frame
from footlights.core.scene import Region
from footlights.media.picture import ArrayPicture
from footlights.models.cards import Input
from footlights.recognition.emotion import PERIOD, STAY, UNSURE, EmotionModel, EmotionRecogniser, Mood, decide

LABELS = ("neutral", "happiness", "anger")
SURE = 0.9


class Painted:
    """Stands in for the network: the mean of a face's red is its happiness, of its green its anger."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def run(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        self.batches.append(len(inputs))
        red, green, _ = inputs.mean(axis=(1, 2)).T
        return {"probabilities": np.stack([1 - red - green, red, green], axis=1).astype(np.float32)}


def picture(*colours: tuple[float, float]) -> np.ndarray:
    """Faces side by side, 100 pixels each; of each, the happiness and the anger."""
    out = np.zeros((100, 100 * len(colours), 3), np.uint8)
    for index, (happiness, anger) in enumerate(colours):
        out[:, 100 * index : 100 * (index + 1), :2] = np.round(np.array([happiness, anger]) * 255)
    return out


def at(time: float, *colours: tuple[float, float]) -> Frame:
    return Frame(ArrayPicture(picture(*colours)), time, "test", 0)


def place(index: int) -> Region:
    return Region(50 + 100 * index, 50, 80, 0.0)


def recogniser(network: Painted | None = None, threshold: float = 0.5, smoothing: float = 0.5) -> EmotionRecogniser:
    return EmotionRecogniser(EmotionModel(network or Painted(), LABELS, Input(48, 48)), threshold, smoothing)


def watch(reader: EmotionRecogniser, happiness: list[float], fps: float) -> list[Mood]:
    """One face whose happiness changes from frame to frame; anger is the rest."""
    frames = (at(index / fps, (value, 1 - value)) for index, value in enumerate(happiness))
    return [reader.update(frame, {1: place(0)})[1] for frame in frames]


def test_every_face_is_read_where_it_is() -> None:
    moods = recogniser().update(at(0, (SURE, 0), (0, SURE), (0.3, 0.3)), {4: place(0), 7: place(1), 9: place(2)})
    assert {track: mood.emotion for track, mood in moods.items()} == {4: "happiness", 7: "anger", 9: UNSURE}
    assert moods[4].probabilities == pytest.approx([1 - SURE, SURE, 0], abs=0.01)


def test_all_faces_of_a_frame_are_read_in_one_call() -> None:
    network = Painted()
    recogniser(network).update(at(0, (SURE, 0), (0, SURE)), {1: place(0), 2: place(1)})
    assert network.batches == [2]


def test_a_turned_face_is_turned_back() -> None:
    upright = np.zeros((200, 200, 3), np.uint8)
    upright[60:100, 60:140, 0] = 255  # the upper half of a face
    seen: list[np.ndarray] = []

    class Keeps(Painted):
        def run(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
            seen.append(inputs)
            return super().run(inputs)

    reader = recogniser(Keeps())
    for angle in (0.0, np.pi / 2):
        turned = np.ascontiguousarray(np.rot90(upright, -round(angle / (np.pi / 2))))
        reader.update(Frame(ArrayPicture(turned), angle, "test", 0), {1: Region(100, 100, 80, angle)})
    assert np.abs(seen[0] - seen[1]).mean() < 0.02 < seen[0].mean()


def test_a_face_is_read_ten_times_a_second_however_many_frames_there_are() -> None:
    for fps in (10, 25, 60):
        network = Painted()
        watch(recogniser(network), [SURE] * (4 * fps), fps)
        assert len(network.batches) == pytest.approx(4 / PERIOD, abs=2)


def test_faces_share_out_the_frames() -> None:
    network = Painted()
    reader = recogniser(network)
    for index in range(60):
        reader.update(at(index / 30, *[(SURE, 0)] * 8), {track: place(track) for track in range(8)})
    assert max(network.batches[1:]) < 8


def test_a_still_picture_is_known_at_once() -> None:
    assert watch(recogniser(), [SURE], 1)[0].emotion == "happiness"


def test_smoothing_is_in_media_time() -> None:
    """After a change, the old emotion fades by the same amount in the same time at any frame rate."""
    slow = watch(recogniser(), [0.0] * 20 + [1.0] * 10, 10)[-1].probabilities
    fast = watch(recogniser(), [0.0] * 120 + [1.0] * 60, 60)[-1].probabilities
    assert slow[1] == pytest.approx(1 - np.exp(-1 / 0.5), abs=0.03)
    assert fast[1] == pytest.approx(slow[1], abs=0.03)


def test_a_change_is_followed_within_the_smoothing_time() -> None:
    moods = watch(recogniser(), [0.0] * 30 + [1.0] * 30, 30)
    assert moods[29].emotion == "anger"
    first = next(index for index, mood in enumerate(moods) if mood.emotion == "happiness")
    assert 0 < first / 30 - 1 < 0.6


def test_without_smoothing_each_reading_counts_alone() -> None:
    assert [mood.emotion for mood in watch(recogniser(smoothing=0), [1, 0, 1, 0.5], 5)] == [
        "happiness", "anger", "happiness", "happiness",
    ]  # fmt: skip


def test_noise_does_not_make_it_flicker() -> None:
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 600)
    shown = [mood.emotion for mood in watch(recogniser(), (0.5 + noise).tolist(), 30)]
    assert sum(before != after for before, after in itertools.pairwise(shown)) <= 2


def test_who_is_out_of_sight_keeps_the_mood_and_who_has_left_is_forgotten() -> None:
    reader = recogniser()
    reader.update(at(0, (SURE, 0)), {1: place(0)})
    assert reader.update(at(1, (0, SURE)), {1: None})[1].emotion == "happiness"
    assert reader.update(at(2, (0, SURE)), {1: None, 2: None}).keys() == {1}
    reader.update(at(3, (0, SURE)), {})
    assert reader.update(at(4, (0, SURE)), {1: place(0)})[1].emotion == "anger"


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.floats(0.1, 0.9), st.sampled_from([*LABELS, UNSURE]))
def test_what_is_shown_is_probable(weights: list[float], threshold: float, shown: str) -> None:
    probabilities = (np.array(weights) + 0.01).astype(np.float32)
    probabilities /= probabilities.sum()
    after = decide(shown, probabilities, LABELS, threshold)
    if after == UNSURE:
        assert probabilities.max() < threshold
    else:
        value = probabilities[LABELS.index(after)]
        assert value > threshold - STAY - 1e-6
        assert value > probabilities.max() - STAY - 1e-6
    assert decide(after, probabilities, LABELS, threshold) == after
