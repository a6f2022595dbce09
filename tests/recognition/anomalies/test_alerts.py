"""Alerts in plain words: what is understood, and what is answered to what is not."""

import pytest

from footlights.core.errors import SettingsError
from footlights.recognition.anomalies.alerts import Alert, alerts
from footlights.recognition.anomalies.places import places

PLACES = places(["belt: 0,0 1,0 1,1", "gate: 0,0.5 1,0.5"])
LABELS = ("up", "down", "person", "cell phone")


def read(text: str) -> Alert:
    (alert,) = alerts([text], PLACES, LABELS)
    return alert


@pytest.mark.parametrize(
    ("text", "kind", "label", "seconds", "zone"),
    [
        ("down", "appears", "down", 0, None),
        ("cell phone in belt for 2s", "appears", "cell phone", 2, "belt"),
        ("person stays in belt for 60 s", "stays", "person", 60, "belt"),
        ("anything stays for 1.5 s", "stays", "anything", 1.5, None),
        ("nothing moves in belt for 10 s", "standstill", "anything", 10, "belt"),
        ("camera  covered", "camera", "covered", 1, None),
        ("camera frozen for 20 s", "camera", "frozen", 20, None),
        ("scene unusual", "scene", "anything", 1, None),
        ("scene unusual for 5 s", "scene", "anything", 5, None),
        ("person crosses gate", "crosses", "person", 0, None),
        ("person missing for 5 s", "count", "person", 5, None),
    ],
)
def test_forms(text: str, kind: str, label: str, seconds: float, zone: str | None) -> None:
    alert = read(text)
    assert (alert.kind, alert.label, alert.seconds) == (kind, label, seconds)
    assert (alert.zone.name if alert.zone else None) == zone


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("person > 3", [4, 5]),
        ("person>=3", [3, 4, 5]),
        ("person < 2", [0, 1]),
        ("person <= 2", [0, 1, 2]),
        ("person = 4 in belt", [4]),
        ("person missing", [0]),
    ],
)
def test_counts(text: str, told: list[int]) -> None:
    assert [count for count in range(6) if read(text).tells(count)] == told


def test_directions_and_outsides() -> None:
    assert (read("up crosses gate").inwards, read("up crosses gate inwards").inwards) == (None, True)
    assert read("up crosses gate outwards").inwards is False
    assert read("down outside belt").outside


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dwon", "did you mean 'down'"),
        ("down in bellt", "did you mean 'belt'"),
        ("down in gate", "'gate' is a line"),
        ("person crosses belt", "'belt' is a zone"),
        ("camera coverd", "did you mean 'covered'"),
        ("down for 100000 s", "at most 86400 s"),
        ("", "is no alert"),
    ],
)
def test_what_is_no_alert_is_answered(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read(text)


def test_without_known_classes_any_is_taken() -> None:
    (alert,) = alerts(["gizmo"], {})
    assert alert.label == "gizmo"
    with pytest.raises(SettingsError, match="none has been drawn"):
        alerts(["gizmo in hall"], {})
