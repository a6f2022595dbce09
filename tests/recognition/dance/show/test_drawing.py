from dataclasses import replace

import numpy as np

from footlights.core.frame import Image
from footlights.recognition.dance.film import FilmSettings, Show
from footlights.recognition.dance.show.crew import Crew
from footlights.recognition.dance.show.drawing import Artist, Moment
from footlights.recognition.dance.show.lights import PALETTES, LightPlan
from footlights.recognition.dance.show.troupe import casting
from tests.recognition.dance.performed import a_dance

DANCE = a_dance(12.0)
SETTINGS = FilmSettings(height=360, cast=casting(("Kofi",)))


def _still(show: Show, moment: Moment) -> Image:
    return show.scenery.artist().draw(moment)


def test_the_dancer_is_where_its_joints_are() -> None:
    show = Show(DANCE, SETTINGS)
    moment = next(show.moments(150, 151))
    with_dancer = _still(show, moment).astype(int)
    empty = Artist((), show.width, show.height).draw(replace(moment, joints=[], faces=[])).astype(int)
    changed = np.abs(with_dancer - empty).max(-1) > 25
    camera, joints = moment.camera, moment.joints[0]
    chest = joints.waist  # below the print of the shirt
    for point in (chest, joints.head, joints.knees[0], joints.wrists[1]):
        x, y = camera.project(camera.view(point)).astype(int)
        assert changed[y - 1 : y + 2, x - 1 : x + 2].any()
    x, y = camera.project(camera.view(chest)).astype(int)
    red, green, blue = with_dancer[y, x]
    assert red > blue + 30  # Kofi's shirt is yellow
    assert green > blue + 10
    assert not changed[: show.height // 4, : show.width // 5].any()


def test_the_floor_mirrors_and_has_a_shadow() -> None:
    show = Show(a_dance(12.0, "idle"), SETTINGS)
    moment = next(show.moments(150, 151))
    picture = _still(show, moment).astype(int)
    empty = Artist((), show.width, show.height).draw(replace(moment, joints=[], faces=[])).astype(int)
    joints, camera = moment.joints[0], moment.camera
    x, y = camera.project(camera.view(joints.pelvis * [1, 0, 1])).astype(int)
    assert picture[y, x].sum() < empty[y, x].sum() - 10  # between the feet: shade
    shin = 0.6 * joints.ankles[0] + 0.4 * joints.knees[0]
    x, y = camera.project(camera.view(shin * [1, -1, 1])).astype(int)
    below = (picture - empty)[y - 4 : y + 4, x - 10 : x + 10]
    assert np.abs(below).max() > 12  # the legs, upside down


def test_the_beat_is_seen() -> None:
    show = Show(DANCE, SETTINGS)
    on, off = show.lights.at(6.01), show.lights.at(6.45)
    moment = next(show.moments(180, 181))
    bright = _still(show, replace(moment, lighting=on)).mean()
    dull = _still(show, replace(moment, lighting=off)).mean()
    assert bright > dull * 1.05


def test_nothing_flashes() -> None:
    """WCAG 2.3.1: a flash changes the relative luminance of a quarter of the picture by a tenth or more."""
    show = Show(DANCE, replace(SETTINGS, height=180))
    moment = next(show.moments(180, 181))
    for colours in PALETTES:
        plan = LightPlan(DANCE.song, DANCE.seconds, 0, colours)
        on, off = (_luminance(_still(show, replace(moment, lighting=plan.at(time)))) for time in (6.0, 5.98))
        assert (np.abs(on - off) >= 0.1).mean() < 0.25, colours


def _luminance(picture: Image) -> np.ndarray:
    linear = (picture / 255.0) ** 2.2
    return np.asarray(linear @ [0.2126, 0.7152, 0.0722])


def test_who_stands_before_hides_who_stands_behind() -> None:
    cast = casting(("Kofi", "Ada"), 2)
    show = Show(DANCE, FilmSettings(height=360, dancers=2, cast=cast))
    moment = next(show.moments(150, 151))
    front, behind = moment.joints
    shift = np.array([0.0, 0.0, 1.0])
    at_front = front.moved(np.eye(3), shift - front.pelvis * [1, 0, 1])
    at_back = behind.moved(np.eye(3), -shift - behind.pelvis * [1, 0, 1])
    picture = _still(show, replace(moment, joints=[at_front, at_back]))
    swapped = _still(show, replace(moment, joints=[at_back, at_front]))
    chest = at_front.waist
    x, y = moment.camera.project(moment.camera.view(chest)).astype(int)
    red, green, blue = picture[y, x].astype(int)
    assert green > blue + 20  # yellow
    red, green, blue = swapped[y, x].astype(int)
    assert red > green + 40  # red


def test_several_processes_draw_what_one_draws() -> None:
    show = Show(DANCE, FilmSettings(height=120))
    with Crew(show.scenery, workers=1) as alone:
        expected = [planes.copy() for planes in alone.planes(show.moments(40, 52))]
    with Crew(show.scenery, workers=2) as two:
        found = [planes.copy() for planes in two.planes(show.moments(40, 52))]
        next(two.planes(show.moments()))  # and one who leaves early does not wait for ever
    assert len(found) == 12
    assert two._workers == []
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)
