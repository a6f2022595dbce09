from collections.abc import Iterator
from typing import ClassVar

import pytest

from footlights.core.app import App
from footlights.core.errors import WiringError
from footlights.core.scene import Scene
from footlights.engine.plan import Offer, plan


class Nothing:
    def run(self, scenes: list[Scene]) -> None:
        """Finds nothing."""


def stage(name: str, needs: str, gives: str) -> type:
    def run(self: object, scene: Scene) -> None:
        """Gives nothing."""

    return type(name, (), {"needs": frozenset(needs.split()), "gives": frozenset(gives.split()), "run": run})


def app(name: str, wanted: str) -> type[App]:
    class Made(App):
        needs: ClassVar[frozenset[str]] = frozenset(wanted.split())

        def step(self, scene: Scene) -> Iterator[object]:
            yield from ()

    Made.__name__ = name
    return Made


POSE, HANDS, FACE = stage("Pose", "people", "pose"), stage("Hands", "pose", "hands"), stage("Face", "pose", "face")
OFFER = Offer({"people": Nothing, "objects": Nothing}, {FACE: FACE, HANDS: HANDS, POSE: POSE})


def test_only_what_is_needed_and_in_order() -> None:
    got = plan([app("Wave", "hands"), app("Mood", "pose")], OFFER)
    assert got.stages == (POSE, HANDS)
    assert got.finds == "people"


def test_an_app_that_looks_at_the_picture_only_needs_no_detector() -> None:
    got = plan([app("Blur", "")], OFFER)
    assert got.stages == ()
    assert got.finds is None


def test_a_need_that_nothing_gives_is_named() -> None:
    with pytest.raises(WiringError, match="Palm needs 'palms', which nothing gives; there are face, hands, objects"):
        plan([app("Palm", "palms")], OFFER)


def test_two_detectors_are_one_too_many() -> None:
    with pytest.raises(WiringError, match="one detector serves all"):
        plan([app("Wave", "hands"), app("Cars", "objects")], OFFER)
