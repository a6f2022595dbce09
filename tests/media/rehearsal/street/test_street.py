"""The street: the same address, the same traffic; what is told is what is drawn, and what a real model sees."""

from collections.abc import Callable

import numpy as np
import pytest

from footlights.core.errors import SettingsError
from footlights.core.frame import Frame
from footlights.core.geometry import box_iou
from footlights.media.open import open_source
from footlights.media.picture import ArrayPicture
from footlights.media.rehearsal.street.source import StreetSource, open_street
from footlights.media.rehearsal.street.traffic import Traffic, read_street
from footlights.perception.objects import ObjectDetector

SMALL = "width=320&height=180&fps=10"


def test_the_address_opens_it() -> None:
    source = open_source(f"rehearsal:street?{SMALL}&seconds=1")
    assert isinstance(source, StreetSource)
    frames = list(source.frames())
    assert len(frames) == len(source) == 10
    assert (source.name, frames[0].width, frames[0].height, frames[-1].time) == ("street", 320, 180, 0.9)


def test_the_same_address_gives_the_same_pictures_and_another_seed_others() -> None:
    one, two, other = (open_street(f"{SMALL}&seed={seed}&cars=30", "street") for seed in (4, 4, 5))
    late = two.draw(40)
    assert np.array_equal(one.draw(0), two.draw(0))
    assert np.array_equal(one.draw(40), late)
    assert not np.array_equal(one.draw(40), other.draw(40))


def test_everything_that_moves_lies_in_a_box() -> None:
    source = open_street("width=640&height=360&seed=2&cars=40&people=60", "street")
    empty = open_street("width=640&height=360&seed=2&cars=0&people=0", "street").draw(0)
    shown = 0
    for index in (60, 240):
        changed = np.abs(source.draw(index).astype(float) - empty).max(axis=-1) > 60
        rest = changed.copy()
        for placed in source.truth(index).things:
            left, top, right, bottom = np.clip(placed.box, 0, [640, 360] * 2).astype(int)
            if placed.visible > 0.95:
                assert changed[top:bottom, left:right].mean() > 0.05
                shown += 1
            rest[max(0, top - 3) : bottom + 4, max(0, left - 20) : right + 20] = False  # with the shadow
        assert rest.mean() < 0.002
    assert shown >= 3


def test_nobody_drives_into_the_one_before() -> None:
    traffic = Traffic(read_street("seed=1&cars=60&people=0"))
    for time in np.arange(0, 60, 0.5):
        cars = traffic.at(float(time))
        for lane in {car.lane for car in cars}:
            places = sorted(car.x(float(time), 10.0) for car in cars if car.lane is lane)
            assert min(np.diff(places), default=9.0) > 5.0


def test_it_comes_as_often_as_asked() -> None:
    traffic = Traffic(read_street("seed=1&cars=20&people=40"))
    seen = {(passer.label, passer.id) for time in np.arange(0, 300, 0.25) for passer in traffic.at(float(time))}
    cars, people = (sum(label == kind for label, _ in seen) for kind in ("car", "person"))
    assert 75 <= cars <= 130
    assert 150 <= people <= 250


def test_a_real_model_finds_people_and_cars(models: Callable[..., None]) -> None:
    models("yolox-nano")
    source, detector = open_street("seed=1&people=24&cars=60", "street"), ObjectDetector("yolox-nano", min_score=0.3)
    found = {"person": 0, "car": 0}
    there = {"person": 0, "car": 0}
    for index in range(20, 320, 50):
        boxes = detector.find(Frame(ArrayPicture(source.draw(index)), 0.0, "street", index))
        names = np.array(boxes.labels)
        for placed in source.truth(index).things:
            if placed.visible > 0.8:
                kind = placed.passer.label
                alike = boxes.boxes[np.isin(names, ("car", "truck") if kind == "car" else (kind,))]
                there[kind] += 1
                found[kind] += bool((box_iou(placed.box[None], alike) > 0.5).any())
    assert there["person"] > 5
    assert there["car"] > 2
    assert found["person"] / there["person"] > 0.85
    assert found["car"] / there["car"] > 0.85


@pytest.mark.parametrize(
    ("query", "said"), [("cras=3", "did you mean 'cars'"), ("cars=x", "number"), ("people=99", "0 to 60")]
)
def test_what_cannot_be_is_one_line(query: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        open_street(query, "street")
