"""Checks the wiring before the first frame: which stages the apps need, and in which order."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from footlights.core.app import App, Detector, Stage
from footlights.core.errors import WiringError

ALWAYS = frozenset({"tracks"})  # given by the tracker


@dataclass(frozen=True)
class Offer:
    """What an installation can do: detectors by what they find, stages by what they give. Nothing is built yet."""

    detectors: Mapping[str, Callable[[], Detector]]
    stages: Mapping[type[Stage], Callable[[], Stage]]


@dataclass(frozen=True)
class Plan:
    """What has to run for some apps: one detector at most, and stages in order."""

    finds: str | None  # key of `Offer.detectors`
    stages: tuple[type[Stage], ...]


def plan(apps: Iterable[App | type[App]], offer: Offer) -> Plan:
    """The smallest plan that gives every app what it needs; a class stands for any settings.

    Raises:
        WiringError: names the need that nothing gives, or two needs that ask for different detectors.
    """
    givers = {gift: stage for stage in offer.stages for gift in stage.gives}
    chosen: list[type[Stage]] = []
    finds: list[tuple[str, str]] = []

    def want(need: str, who: str) -> None:
        if need in ALWAYS:
            return
        if need in offer.detectors:
            if finds and finds[0][0] != need:
                raise WiringError(
                    f"{who} needs '{need}' found in the picture, and {finds[0][1]} needs '{finds[0][0]}': "
                    "one detector serves all; run them as two programs"
                )
            finds.append((need, who))
            return
        if need not in givers:
            known = sorted(ALWAYS | offer.detectors.keys() | givers.keys())
            raise WiringError(f"{who} needs '{need}', which nothing gives; there are {', '.join(known)}")
        stage = givers[need]
        for deeper in sorted(stage.needs):
            want(deeper, stage.__name__)
        if stage not in chosen:
            chosen.append(stage)

    for app in apps:
        kind, needs = (app, app.needs) if isinstance(app, type) else (type(app), app.wants)
        for need in sorted(needs):
            want(need, kind.__name__)
    return Plan(finds[0][0] if finds else None, tuple(chosen))
