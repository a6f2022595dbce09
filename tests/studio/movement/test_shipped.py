"""What the shipped nets must not lose: arms and legs judged apart, and quiet where nothing is done."""

import numpy as np
import pytest

from footlights.media.rehearsal.motion import motion
from footlights.recognition.movement.features import VIEWS, Past, features
from footlights.recognition.movement.reader import MovementReader
from footlights.recognition.movement.sight import Pace
from footlights.studio.movement.acts import Act, act, pause
from footlights.studio.movement.export import stepped
from footlights.studio.movement.library import library
from footlights.studio.movement.noise import observed
from footlights.studio.movement.performance import Performance, Placed
from footlights.studio.movement.recipe import drawn
from footlights.studio.movement.scores import score
from footlights.studio.movement.training import TEST
from footlights.studio.movement.views import filmed


def answers(net: str, base: Act, over: Act | None, seed: int) -> dict[str, np.ndarray]:
    """The probabilities of each label, in thresholds, while somebody does one thing and another with the arms."""
    rng = np.random.default_rng(seed)
    laid = (Placed(over, 0.8),) if over else ()
    stage = Performance((Placed(base, 0.0),), laid, (), lambda times: np.zeros((len(times), len(base.keys[0].row))))
    times = np.arange(0, min(base.seconds, 10.0), 1 / 30)
    sight = observed(filmed(stage, "full", times, rng, most=25), times, rng)
    reader = MovementReader(net)
    rows = stepped(reader.file, features(Pace().steps_of(sight), VIEWS[net], Past())) / reader.thresholds
    return dict(zip(reader.labels, rows.T, strict=True))


@pytest.mark.parametrize("other", ["squat_racked", "squat_behind_head"])
def test_somebody_squats_whatever_the_arms_do(other: str) -> None:
    rng = np.random.default_rng(1)
    alone = [answers("exercises", act(motion(other), rng, 0.3), None, seed)["squat"].max() for seed in range(4)]
    assert np.mean(np.array(alone) >= 1) >= 0.75
    waving = [
        answers("exercises", act(motion("squat"), rng, 0.3), act(motion("wave"), rng, 0.3), seed)["squat"].max()
        for seed in range(4)
    ]
    assert np.mean(np.array(waving) >= 1) >= 0.75


def test_somebody_waves_whatever_the_legs_do() -> None:
    rng = np.random.default_rng(2)
    shown = []
    for seed in range(6):
        base = act(motion("squat"), rng, 0.2) if seed % 2 else pause(8.0, motion("squat").enter[0].row)
        shown.append(answers("gestures", base, act(motion("wave"), rng, 0.2), seed)["wave"].max() >= 1)
    assert np.mean(shown) >= 0.6


@pytest.mark.parametrize(("net", "least", "most"), [("gestures", 0.85, 4.0), ("exercises", 0.88, 2.0)])
def test_on_seeds_never_seen_they_find_most_and_cry_seldom(net: str, least: float, most: float) -> None:
    """A small sample: the figures themselves are those of bench/quality/generated.py."""
    reader = MovementReader(net)
    busy, quiet = drawn(library(net), 99, TEST, (24, 24))
    told = score(lambda inputs: stepped(reader.file, inputs), reader.labels, reader.thresholds, busy, quiet)
    assert told.recall >= least
    assert told.false_a_minute <= most
