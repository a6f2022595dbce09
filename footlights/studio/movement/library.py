"""Which motions a net learns, which it must stay quiet at, and how its outputs are called."""

from dataclasses import dataclass
from functools import lru_cache

from footlights.core.errors import SettingsError
from footlights.media.rehearsal.motion import CAMERAS, POSTURES, Motion, motion, names

NETS = ("gestures", "exercises")
POSTURE = "posture:"  # before the name of a posture, in a label
LOW = ("all_fours", "prone", "supine", "side")  # postures of somebody on the floor
FLOOR = "floor"  # besides `CAMERAS`: a camera close to somebody on the floor, wherever there is room


@dataclass(frozen=True)
class Library:
    """The motions of one net."""

    net: str  # of NETS
    labels: tuple[str, ...]  # outputs of the net
    taught: dict[str, tuple[Motion, ...]]  # by label
    quiet: tuple[Motion, ...]  # everyday motions
    others: tuple[Motion, ...]  # motions of the other net

    def showing(self, camera: str) -> dict[str, tuple[Motion, ...]]:
        """The motions that a camera shows well enough, by label; labels without one are left out."""
        found = {label: tuple(m for m in motions if shows(camera, m)) for label, motions in self.taught.items()}
        return {label: motions for label, motions in found.items() if motions}


def shows(camera: str, shown: Motion) -> bool:
    """True where a camera is at least as wide as the closest that shows the motion; `FLOOR` shows what is low."""
    if camera == FLOOR:
        return shown.posture in LOW
    return CAMERAS.index(camera) <= CAMERAS.index(shown.camera)


@lru_cache(maxsize=4)
def library(net: str) -> Library:
    """The library of a net. Raises SettingsError where there is no such net."""
    if net not in NETS:
        raise SettingsError(f"no movement net is called {net!r}; there are {' and '.join(NETS)}")
    every = [motion(name) for name in names()]
    mine = [item for item in every if item.kind == net and item.label]
    labels = sorted({item.label for item in mine})
    postures = [POSTURE + name for name in POSTURES] if net == "exercises" else []
    return Library(
        net=net,
        labels=(*labels, *postures),
        taught={label: tuple(item for item in mine if item.label == label) for label in labels},
        quiet=tuple(item for item in every if item.kind == "everyday"),
        others=tuple(item for item in every if item.kind not in (net, "everyday")),
    )
