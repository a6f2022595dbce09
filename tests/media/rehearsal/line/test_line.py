"""The production line: the same address, the same cans; what is told is what is drawn."""

import numpy as np
import pytest

from footlights.core.errors import SettingsError
from footlights.media.open import open_source
from footlights.media.rehearsal.line.belt import Belt, read_line
from footlights.media.rehearsal.line.can import RADIUS, draw, paint
from footlights.media.rehearsal.line.source import LineSource, open_line

SMALL = "width=320&height=180&fps=10"


def test_the_address_opens_it() -> None:
    source = open_source(f"rehearsal:line?{SMALL}&seconds=2")
    assert isinstance(source, LineSource)
    frames = list(source.frames())
    assert len(frames) == len(source) == 20
    assert (frames[0].width, frames[0].height, frames[-1].time) == (320, 180, 1.9)


def test_the_same_address_gives_the_same_pictures_and_another_seed_others() -> None:
    one, two, other = (open_line(f"{SMALL}&seed={seed}", "line") for seed in (4, 4, 5))
    late = two.draw(40)
    assert np.array_equal(one.draw(0), two.draw(0))
    assert np.array_equal(one.draw(40), late)
    assert not np.array_equal(one.draw(40), other.draw(40))


@pytest.mark.parametrize("tilt", [0.0, 0.5, 1.2, np.pi / 2])
@pytest.mark.parametrize("heading", [0.0, 0.9, 2.5, 4.4])
def test_a_can_fills_the_box_that_is_told(tilt: float, heading: float) -> None:
    from footlights.media.rehearsal.line.belt import _half_size

    picture = draw(paint(np.random.default_rng(1)), tilt, heading, 800.0)
    rows, columns = np.nonzero(picture[..., 3] > 0.5)
    drawn = np.array([columns.max() - columns.min() + 1, rows.max() - rows.min() + 1])
    assert np.abs(drawn - 2 * _half_size(tilt, heading) * 800).max() <= 2.5


def test_moving_cans_are_where_the_truth_says() -> None:
    source = open_line("width=640&height=360&seed=2&fallen=0", "line")
    empty = np.median([source.draw(index) for index in range(0, 300, 20)], axis=0)
    for index in (45, 90):
        changed = np.abs(source.draw(index).astype(float) - empty).max(axis=-1) > 25
        for placed, visible in zip(source.truth(index).cans, source.truth(index).visible, strict=True):
            left, top, right, bottom = placed.box.astype(int)
            if visible > 0.99:
                assert changed[top:bottom, left:right].mean() > 0.55


def test_as_many_fall_as_asked_and_they_stay_down() -> None:
    belt = Belt(read_line("seed=3&fallen=0.3"))
    fallen = belt.fallen(300.0)
    everything = {placed.can.id for time in np.arange(0, 300, 2) for placed in belt.at(float(time))}
    assert 0.2 < len(fallen) / len(everything) < 0.4
    for can, begin, end in fallen[:20]:
        labels = [can.label(time) for time in np.linspace(begin, end, 10)]
        assert set(labels) == {"down"}
    assert Belt(read_line("fallen=0")).fallen(100.0) == []


def test_cans_do_not_run_into_each_other() -> None:
    belt = Belt(read_line("seed=8&fallen=0.3&spacing=0.14"))
    for time in np.arange(5.0, 60.0, 0.5):
        standing = sorted(p.middle[0] for p in belt.at(float(time)) if p.label == "up")
        assert np.diff(standing).min() >= 2 * RADIUS * belt.scale


def test_a_can_behind_the_post_counts_as_hidden() -> None:
    source = open_line(f"{SMALL}&seed=1", "line")
    shares = [share for index in range(100) for share in source.truth(index).visible]
    assert min(shares) < 0.4
    assert max(shares) == 1.0


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("fallen=2", "from 0 to 1"),
        ("sped=1", "did you mean 'speed'"),
        ("seed=x", "must be a number"),
        ("fps=nan", "must be a number"),
    ],
)
def test_a_wrong_setting_is_an_error(query: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        open_line(query, "line")
