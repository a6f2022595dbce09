import numpy as np
import pytest

from footlights.recognition.dance.film import FilmSettings, Show
from footlights.recognition.dance.show.troupe import outline
from tests.recognition.dance.performed import a_dance

DANCE = a_dance(24.0, "jumping_jack+arms_up+squat", fps=30.0, roam=1.2)


def _places(show: Show, upper: bool) -> np.ndarray:
    """(T, P, 2) where the dancers' joints are in the picture, in shares of it."""
    times = np.arange(len(show)) / show.settings.fps
    found = []
    for (joints, _), dancer in zip(show.troupe.moving(times), show.troupe.dancers, strict=True):
        points = [joints.head, joints.pelvis, *(joints.wrists[:, side] for side in (0, 1))]
        if not upper:
            points += [joints.toes[:, side] for side in (0, 1)]
        assert outline(joints, dancer.body)[0].shape == (len(times), 8, 3)
        found.append(np.stack(points, 1))
    places = np.concatenate(found, 1)
    size = np.array([show.width, show.height])
    cameras = [show.camera.at(index, show.width, show.height) for index in range(len(show))]
    return np.stack([camera.project(camera.view(at)) / size for camera, at in zip(cameras, places, strict=True)])


@pytest.mark.parametrize("aspect", ["16:9", "9:16", "1:1"])
@pytest.mark.parametrize("dancers", [1, 5])
def test_nobody_is_ever_lost(aspect: str, dancers: int) -> None:
    for seed in range(2):
        show = Show(DANCE, FilmSettings(aspect, 360, 30.0, dancers, seed=seed))
        places = _places(show, upper=True)
        assert places.min() > 0.0
        assert places.max() < 1.0


def test_whole_bodies_are_seen_in_all_but_close_shots() -> None:
    show = Show(DANCE, FilmSettings(height=360, seed=1))
    places = _places(show, upper=False)
    starts = [first for first, _ in show.camera.shots] + [len(show)]
    for (first, name), end in zip(show.camera.shots, starts[1:], strict=True):
        if name != "close":
            assert places[first:end].min() > 0.0, name
            assert places[first:end].max() < 1.0, name


def test_dancers_fill_the_picture() -> None:
    places = _places(Show(a_dance(12.0, fps=30.0), FilmSettings(height=360)), upper=False)
    tall = np.ptp(places[..., 1], axis=1)
    assert np.median(tall) > 0.45


def test_the_camera_cuts_on_bars_and_glides_between() -> None:
    show = Show(a_dance(36.0, fps=30.0, roam=0.8), FilmSettings(height=360, seed=2))
    song, path = show.dance.song, show.camera
    bars = song.beats[song.downbeats]
    assert len(path.shots) >= 3
    for first, _ in path.shots[1:]:
        assert np.abs(bars - first / 30.0).min() < 0.02
    cuts = [first for first, _ in path.shots]
    steps = np.linalg.norm(np.diff(path.position, axis=0), axis=1)
    steps[[cut - 1 for cut in cuts if cut]] = 0
    assert steps.max() * 30 < 2.5  # metres a second
    assert steps.max() > 0
    assert path.position[:, 1].min() > 0.1


def test_another_seed_films_otherwise() -> None:
    shots = {Show(DANCE, FilmSettings(height=360, seed=seed)).camera.shots for seed in range(4)}
    assert len(shots) > 1
