"""The app `emoji`: what it says and shows of faces."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from footlights.apps.emoji import Emoji
from footlights.core.cue import Bar, Card, Cue, Overlay
from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.geometry import box_iou
from footlights.core.scene import Floats, Scene, Track
from footlights.media.emojis import EmojiSet
from footlights.media.open import open_source
from footlights.media.picture import ArrayPicture
from footlights.models.cards import Input
from footlights.perception.face_detectors import FaceDetectors
from footlights.perception.track import BoxTracker
from footlights.recognition.emotion import EmotionModel

LABELS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
SIZE = 240  # pixels


class Coloured:
    """Stands in for the network: a red face is happy, a green one sad, a grey one could be anything."""

    def run(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        red, green, blue = inputs.mean(axis=(1, 2)).T
        rows = np.full((len(inputs), 8), 0.01, np.float32)
        rows[:, 1], rows[:, 3] = red - blue, green - blue
        rows[:, [0, 2, 4, 5, 6, 7]] += ((1 - rows.sum(axis=1)) / 6)[:, None]
        return {"probabilities": rows}


def emoji(**settings: object) -> Emoji:
    return Emoji(Emoji.Settings(**settings), EmotionModel(Coloured(), LABELS, Input(48, 48)))  # type: ignore[arg-type]


def frame(time: float, colour: tuple[int, int, int] = (240, 0, 0)) -> Frame:
    return Frame(ArrayPicture(np.full((SIZE, 2 * SIZE, 3), colour, np.uint8)), time, "hall", round(time * 30))


def face(
    time: float, x: float = 100, *, track: int = 1, side: float = 60, roll: float = 0.0, seen: float = -1
) -> Track:
    box = np.array([x - side / 2, 90, x + side / 2, 90 + side], np.float32)
    mouth = x - np.sin(roll) * side / 3, 110 + np.cos(roll) * side / 3
    anchors = np.array([(x, 110), mouth], np.float32)
    return Track(track, "face", box, 0.9, 0.0, time if seen < 0 else seen, anchors=anchors)


def play(app: Emoji, scenes: Iterable[Scene]) -> tuple[list[Event], list[list[Cue]]]:
    """Events of all scenes, and the cues of each."""
    events, cues = [], []
    for scene in scenes:
        said = list(app.step(scene))
        events += [output for output in said if isinstance(output, Event)]
        cues.append([output for output in said if not isinstance(output, Event)])
    return events, cues


def overlays(cues: list[Cue]) -> list[Overlay]:
    return [cue for cue in cues if isinstance(cue, Overlay)]


def boxes(cues: list[Cue]) -> Floats:
    """(N, 4) of the emojis."""
    rows = [[o.x - o.size / 2, o.y - o.size / 2, o.x + o.size / 2, o.y + o.size / 2] for o in overlays(cues)]
    return np.array(rows, np.float32).reshape(-1, 4)


def test_a_visit_from_the_first_sight_to_the_last() -> None:
    app = emoji()
    scenes = [Scene(frame(index / 10), tracks=[face(index / 10)]) for index in range(20)]
    events, _ = play(app, [*scenes, Scene(frame(2.0))])
    assert [(event.kind, event.track) for event in events if event.kind != "mood"] == [
        ("face.appeared", 1), ("emotion.changed", 1), ("face.left", 1),
    ]  # fmt: skip
    changed, left = (next(event for event in events if event.kind == kind) for kind in ("emotion.changed", "face.left"))
    assert changed.data["emotion"] == "happiness" and changed.data["before"] == "unsure"
    probabilities = changed.data["probabilities"]
    assert isinstance(probabilities, dict) and tuple(probabilities) == LABELS
    assert probabilities["happiness"] == pytest.approx(0.941, abs=0.01)
    assert all(value == round(value, 3) for value in probabilities.values())  # type: ignore[arg-type, type-var]
    assert left.data == {"seconds": 1.9, "mood": {"happiness": 1.0}}


def test_a_change_of_emotion_is_told_once() -> None:
    colours = [(240, 0, 0)] * 20 + [(0, 240, 0)] * 20
    scenes = (Scene(frame(index / 10, colour), tracks=[face(index / 10)]) for index, colour in enumerate(colours))
    events, _ = play(emoji(), scenes)
    changes = [(event.data["before"], event.data["emotion"]) for event in events if event.kind == "emotion.changed"]
    assert changes == [("unsure", "happiness"), ("happiness", "sadness")]


def test_the_emoji_has_the_place_the_size_and_the_turn_of_the_face() -> None:
    scenes = [Scene(frame(index / 30), tracks=[face(index / 30, roll=0.4)]) for index in range(15)]
    overlay = overlays(play(emoji(), scenes)[1][-1])[0]
    assert (overlay.x, overlay.y, overlay.size) == pytest.approx((100, 120, 60), abs=0.1)
    assert overlay.angle == pytest.approx(0.4, abs=0.01)
    assert overlay.name == str(EmojiSet().path("happiness"))


def test_a_still_picture_shows_its_emotion_at_once() -> None:
    cues = play(emoji(), [Scene(frame(0.0), tracks=[face(0.0)])])[1][0]
    assert [(o.name, o.alpha) for o in overlays(cues)] == [(str(EmojiSet().path("happiness")), 1.0)]


def test_while_one_emoji_fades_into_the_next_the_face_stays_covered() -> None:
    colours = [(240, 0, 0)] * 30 + [(0, 240, 0)] * 60
    scenes = (Scene(frame(index / 30, colour), tracks=[face(index / 30)]) for index, colour in enumerate(colours))
    shown = [overlays(cues) for cues in play(emoji(), scenes)[1]]
    assert all(any(overlay.alpha == 1 for overlay in over) for over in shown)
    fading = [over for over in shown if len(over) == 2]
    assert 3 <= len(fading) <= 7
    first, last = EmojiSet().path("happiness"), EmojiSet().path("sadness")
    assert all(over[0].name == str(first) and over[1].name == str(last) for over in fading)
    assert [over[1].alpha for over in fading] == sorted(over[1].alpha for over in fading)


def test_of_two_faces_the_nearer_one_is_in_front() -> None:
    tracks = [face(0.0, 100, track=1, side=80), face(0.0, 150, track=2, side=50)]
    assert [round(o.size) for o in overlays(play(emoji(), [Scene(frame(0.0), tracks=tracks)])[1][0])] == [50, 80]


def test_the_emoji_of_a_lost_face_fades() -> None:
    scenes = [Scene(frame(index / 10), tracks=[face(index / 10, seen=min(index / 10, 1.0))]) for index in range(20)]
    alphas = [sum(overlay.alpha for overlay in overlays(cues)) for cues in play(emoji(), scenes)[1]]
    assert alphas[:12] == [1.0] * 12
    assert 0 < alphas[13] < 1
    assert alphas[16:] == [0] * 4


def test_cards_hold_what_the_page_shows() -> None:
    cues = play(emoji(), [Scene(frame(0.0), tracks=[face(0.0, track=5)])])[1][0]
    (card,) = (cue for cue in cues if isinstance(cue, Card))
    assert (card.track, card.title, card.picture) == (5, "happiness", str(EmojiSet().path("happiness")))
    assert tuple(label for label, _ in card.bars) == LABELS
    assert sum(value for _, value in card.bars) == pytest.approx(1, abs=0.01)
    assert not [cue for cue in cues if isinstance(cue, Bar)]


def test_bars_on_the_picture_are_the_three_most_probable() -> None:
    cues = play(emoji(bars=True), [Scene(frame(0.0, (150, 60, 10)), tracks=[face(0.0, track=5)])])[1][0]
    bars = [cue for cue in cues if isinstance(cue, Bar)]
    assert [bar.text for bar in bars][:2] == ["happiness", "sadness"]
    assert len(bars) == 3 and all(bar.track == 5 for bar in bars)


def test_privacy_leaves_nothing_of_the_picture_by_which_anybody_could_be_known() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    scene = Scene(Frame(ArrayPicture(noise), 0.0, "hall", 0), tracks=[face(0.0)])
    scene.frame.rgb()
    scene.frame.rgb(320, 240)
    play(emoji(privacy=True), [scene])
    assert scene.frame.rgb().shape == noise.shape
    for size in ((640, 480), (320, 240), (16, 12)):
        left = scene.frame.rgb(*size).astype(float)
        assert left.std() < 12 < noise.std() / 5
    steps = np.abs(np.diff(scene.frame.rgb().astype(int), axis=1))
    assert steps.max() <= 3  # smooth, without edges


@pytest.mark.parametrize("size", [3, 10, 40])
def test_privacy_holds_for_tiny_pictures(size: int) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (size, size, 3), np.uint8)
    scene = Scene(Frame(ArrayPicture(noise), 0.0, "hall", 0))
    play(emoji(privacy=True), [scene])
    assert scene.frame.rgb().shape == noise.shape
    assert scene.frame.rgb().std() < 0.55 * noise.std()


@pytest.mark.parametrize("colour", [(240, 0, 0), (90, 90, 90)])
def test_privacy_covers_a_face_as_long_as_it_is_followed(colour: tuple[int, int, int]) -> None:
    scenes = [
        Scene(frame(index / 10, colour), tracks=[face(index / 10, seen=min(index / 10, 0.5))]) for index in range(20)
    ]
    for cues in play(emoji(privacy=True), scenes)[1]:
        assert max(overlay.alpha for overlay in overlays(cues)) == 1


def test_privacy_holds_for_the_last_frame_which_is_shown_once_more() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (SIZE, SIZE, 3), np.uint8)
    last = Frame(ArrayPicture(noise), 0.0, "hall", 0)
    app = emoji(privacy=True)
    play(app, [Scene(last)])
    assert [event.kind for event in app.end()] == ["mood.summary"]
    assert last.rgb().std() < noise.std() / 4


def test_the_mood_of_the_crowd_is_told_in_slots_of_media_time() -> None:
    def tracks(index: int) -> list[Track]:
        red = [face(index / 10, 100, track=1)] if index < 40 else []
        return red + ([face(index / 10, 300, track=2)] if index < 20 else [])

    app = emoji(every=2.0)
    events, _ = play(app, (Scene(frame(index / 10), tracks=tracks(index)) for index in range(101)))
    moods = [(event.time, event.data) for event in events if event.kind == "mood"]
    assert [time for time, _ in moods] == [2.0, 4.0, 6.0]
    assert [data["faces"] for _, data in moods] == pytest.approx([2.0, 1.0, 0.0], abs=0.11)
    assert moods[0][1]["mood"] == {"happiness": 1.0} and moods[2][1]["mood"] == {}
    (summary,) = app.end()
    assert summary.kind == "mood.summary" and summary.data == {"faces": 2, "mood": {"happiness": 1.0}}


def test_the_mood_of_one_picture_is_that_of_its_faces() -> None:
    app = emoji()
    play(app, [Scene(frame(0.0), tracks=[face(0.0, 100, track=1), face(0.0, 300, track=2)])])
    assert list(app.end())[-1].data == {"faces": 2, "mood": {"happiness": 1.0}}


def test_the_end_says_goodbye_to_everybody() -> None:
    app = emoji()
    play(app, [Scene(frame(index / 10), tracks=[face(index / 10)]) for index in range(11)])
    left, summary = app.end()
    assert (left.kind, left.track, left.time) == ("face.left", 1, 1.0)
    assert summary.data == {"faces": 1, "mood": {"happiness": 1.0}}


def test_an_empty_hall_is_silent() -> None:
    app = emoji()
    assert play(app, (Scene(frame(index / 2)) for index in range(60))) == ([], [[]] * 60)
    assert list(emoji().end()) == []


def test_people_are_not_faces() -> None:
    person = face(0.0)
    person.label = "person"
    assert play(emoji(), [Scene(frame(0.0), tracks=[person])]) == ([], [[]])


def test_emojis_of_ones_own(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (255, 0, 0, 255)).save(tmp_path / "happiness.png")
    cues = play(emoji(emoji_dir=tmp_path), [Scene(frame(0.0), tracks=[face(0.0)])])[1][0]
    assert overlays(cues)[0].name == str(tmp_path / "happiness.png")
    with pytest.raises(SettingsError, match="there is no folder"):
        emoji(emoji_dir=tmp_path / "nowhere")


@pytest.mark.parametrize("motion", ["jumping_jack", "squat"])
def test_emojis_sit_on_moving_heads(motion: str, models: Callable[..., None]) -> None:
    models("face_detection_full_range_sparse")
    source = open_source(f"rehearsal:{motion}?seconds=3&fps=15&camera=upper&people=2")
    app, detectors, tracker = emoji(), FaceDetectors(), BoxTracker()
    overlap, lag = [], []
    for moment in source.frames():
        scene = Scene(moment)
        detectors.run([scene])
        tracker.update(scene)
        _, (cues,) = play(app, [scene])
        assert scene.detections is not None
        truth = [person.face_box for person in source.truth(moment.index).people if person.face_visible]  # type: ignore[attr-defined]
        overlap += box_iou(np.array(truth, np.float32).reshape(-1, 4), boxes(cues)).max(axis=1, initial=0).tolist()
        lag += box_iou(scene.detections.boxes, boxes(cues)).max(axis=1, initial=0).tolist()
    assert len(overlap) > 60
    assert np.mean(overlap) >= 0.7  # with the face as drawn, which is no square
    assert np.quantile(lag, 0.05) >= 0.7  # with the square that was found


def test_the_same_pictures_give_the_same_events() -> None:
    def once() -> list[Event]:
        app = emoji()
        scenes = (
            Scene(frame(index / 10, (int(120 + 100 * np.sin(index)), 40, 0)), tracks=[face(index / 10, 90 + index)])
            for index in range(50)
        )
        return [*play(app, scenes)[0], *app.end()]

    assert once() == once()


@pytest.fixture
def odd_pictures(tmp_path: Path) -> Path:
    """A folder of what people put into folders; four of the files show a face."""
    source = open_source("rehearsal:idle?seconds=0.1&fps=10&camera=head&seed=1")
    shown = Image.fromarray(next(iter(source.frames())).rgb())
    shown.save(tmp_path / "1.jpg")
    Image.new("RGB", (10, 10), (90, 90, 90)).save(tmp_path / "2-tiny.png")
    shown.convert("L").save(tmp_path / "3-grey.png")
    content = (tmp_path / "1.jpg").read_bytes()
    (tmp_path / "4-damaged.jpg").write_bytes(content[: len(content) // 3])
    shown.convert("RGBA").save(tmp_path / "5-alpha.png")
    orientation = Image.Exif()
    orientation[0x0112] = 6  # stored lying on its side
    shown.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "6-turned.jpg", exif=orientation)
    Image.new("RGB", (5472, 3648), (90, 90, 90)).save(tmp_path / "7-large-and-empty.jpg")
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_odd_pictures_are_shown_or_skipped(
    odd_pictures: Path, models: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    models("face_detection_full_range_sparse")
    app, detectors, tracker = emoji(), FaceDetectors(), BoxTracker()
    found = []
    for moment in open_source(str(odd_pictures)).frames():
        scene = Scene(moment)
        detectors.run([scene])
        tracker.update(scene)
        found.append((moment.width, moment.height, len(overlays(play(app, [scene])[1][0]))))
    assert found == [(640, 480, 1), (10, 10, 0), (640, 480, 1), (640, 480, 1), (640, 480, 1), (5472, 3648, 0)]
    warned = [line for line in caplog.messages if "left out" in line]
    assert any("4-damaged.jpg" in line for line in warned) and any("notes.txt" in line for line in warned)
