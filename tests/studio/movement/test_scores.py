"""Scores count what they say they count."""

import numpy as np
import pytest

from footlights.studio.movement.generator import Performed, Sequence
from footlights.studio.movement.scores import HELD, MERGED, as_text, choose_thresholds, events, held, score

LABELS = ("wave", "clap", "posture:standing")


def made(answers: np.ndarray, *spans: Performed) -> Sequence:
    wanted = np.zeros_like(answers)
    for span in spans:
        wanted[span.begin : span.end, LABELS.index(span.label)] = 1
    return Sequence(answers, wanted, np.ones_like(answers), spans, "full")


def flat(length: int = 100) -> np.ndarray:
    return np.zeros((length, 3), np.float32)


def test_a_span_is_found_where_its_label_is_up_longest() -> None:
    span, answers = Performed("wave", "wave", 20, 60), flat()
    answers[30:50, 0], answers[30:40, 1], answers[:, 2] = 0.9, 0.9, 0.9
    told = score(lambda x: x, LABELS, np.float32([0.5] * 3), [made(answers, span)])
    assert told.recall == 1
    answers[20:60, 1] = 0.9
    told = score(lambda x: x, LABELS, np.float32([0.5] * 3), [made(answers, span)])
    assert told.recall == 0 and told.labels["wave"].taken_for == {"clap": 1}


def test_two_things_done_at_once_do_not_rival() -> None:
    answers = flat()
    answers[20:60, :2], answers[40:50, 0] = 0.9, 0.1
    spans = Performed("wave", "wave", 20, 60), Performed("clap", "clap", 20, 60)
    assert score(lambda x: x, LABELS, np.float32([0.5] * 3), [made(answers, *spans)]).recall == 1


def test_a_flicker_is_nothing_and_a_short_pause_parts_nothing() -> None:
    up = np.zeros((60, 1), np.bool_)
    up[5 : 5 + HELD - 1] = True
    assert not held(up).any() and events(up[:, 0]) == []
    up[20:30], up[30 + MERGED - 1 : 50] = True, True
    assert events(up[:, 0]) == [(20, 50)]
    up[30 + MERGED - 1] = False
    assert len(events(up[:, 0])) == 2


def test_false_events_are_counted_by_the_minute() -> None:
    answers = flat(1200)
    answers[100:120, 0] = answers[600:610, 1] = 0.9
    told = score(lambda x: x, LABELS, np.float32([0.5] * 3), [], [made(answers)])
    assert told.minutes == pytest.approx(1.0)
    assert told.false_a_minute == pytest.approx(2.0)
    assert "2.00 false events a minute" in as_text(told, "it")


def test_thresholds_lie_between_what_is_meant_and_what_is_not() -> None:
    busy, quiet = flat(), flat()
    busy[20:60, 0], quiet[30:40, 0], quiet[60:70, 0] = 0.8, 0.6, 0.5
    chosen = choose_thresholds(lambda x: x, LABELS, [made(busy, Performed("wave", "wave", 20, 60))], [made(quiet)])
    assert 0.6 < chosen[0] <= 0.8
