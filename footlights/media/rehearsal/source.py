"""The rehearsal as a source of frames."""

from collections.abc import Iterator
from functools import cached_property
from threading import Event, Lock

import numpy as np

from footlights.core.frame import Frame
from footlights.media.picture import ArrayPicture
from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.cast import Performer, Rehearsal, Scripted, camera, performers, rehearsal, script
from footlights.media.rehearsal.room import ROOMS
from footlights.media.rehearsal.skeleton import Joints
from footlights.media.rehearsal.stage import Stage, viewed
from footlights.media.rehearsal.truth import Truth, of_person

_AHEAD = 32  # frames whose joints are worked out in one go


class RehearsalSource:
    """People drawn by our own code. The same address gives the same pictures, to the byte.

    Like a file it has media time and waits for nobody: frame i is at i / fps seconds. `truth(i)` tells what is in it.
    """

    live = False

    def __init__(self, settings: Rehearsal, name: str) -> None:
        self.name = name
        self.settings = settings
        self.duration = settings.seconds
        self._people: list[Performer] = performers(settings)
        self._camera = camera(settings, self._people)
        self._closed = Event()
        self._truth_lock = Lock()

    @property
    def script(self) -> tuple[Scripted, ...]:
        """Who is meant to be seen doing what, in the order of time; of one round where there is no end."""
        return script(self.settings)

    def __len__(self) -> int:
        """How many frames there are. Raises TypeError for a rehearsal without end."""
        if self.settings.seconds is None:
            raise TypeError("this rehearsal has no end: give it `seconds`")
        return max(1, round(self.settings.seconds * self.settings.fps))

    def frames(self) -> Iterator[Frame]:
        """Every frame from the first on."""
        stage = self._stage()
        last = None if self.settings.seconds is None else len(self)
        first = 0
        while not self._closed.is_set() and (last is None or first < last):
            count = _AHEAD if last is None else min(_AHEAD, last - first)
            moving = self._moving(first, count)
            for at in range(count):
                if self._closed.is_set():
                    return
                index = first + at
                picture = stage.draw(index, [joints.at(at) for joints, _ in moving], [faces[at] for _, faces in moving])
                yield Frame(ArrayPicture(picture), index / self.settings.fps, self.name, index)
            first += count

    def close(self) -> None:
        """Make `frames()` end."""
        self._closed.set()

    def truth(self, index: int) -> Truth:
        """What is in frame `index`, whether it was given out already or not. May be called from any thread."""
        time = index / self.settings.fps
        moving = self._moving(index, 1)
        joints = [joints.at(0) for joints, _ in moving]
        with self._truth_lock:
            self._truth_stage.draw(index, joints, [faces[0] for _, faces in moving])
            depth = self._truth_stage.depth
            people = tuple(
                of_person(person, joint, time, depth, self._camera)
                for person, joint in zip(self._people, joints, strict=True)
            )
        return Truth(index, time, people)

    def _moving(self, first: int, count: int) -> list[tuple[Joints, Reals]]:
        """For each person the joints in camera coordinates and the face's numbers of some frames."""
        times = (first + np.arange(count)) / self.settings.fps
        moving = (person.joints(times) for person in self._people)
        return [(viewed(joints, self._camera), faces) for joints, faces in moving]

    def _stage(self) -> Stage:
        rooms = list(ROOMS)
        rng = np.random.default_rng([self.settings.seed, 3])
        room = ROOMS[self.settings.room or rooms[int(rng.integers(len(rooms)))]](self.settings.seed)
        return Stage(self._people, room, self._camera, self.settings.seed)

    @cached_property
    def _truth_stage(self) -> Stage:
        return self._stage()


def open_rehearsal(address: str, name: str) -> RehearsalSource:
    """A source from "x_arms?people=3&seed=7&camera=full", "idle+x_arms+wave", "show" or nothing.

    Raises SettingsError where a motion or a setting is not known or out of range.
    """
    return RehearsalSource(rehearsal(address), name)
