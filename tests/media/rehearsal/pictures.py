"""Single moments of a rehearsal, for the tests of this folder."""

from collections.abc import Iterator
from itertools import islice

import numpy as np

from footlights.core.frame import Frame, Image
from footlights.media.rehearsal.cast import Performer, camera, performers, rehearsal
from footlights.media.rehearsal.face import Expression
from footlights.media.rehearsal.posture import posture, rest
from footlights.media.rehearsal.room import ROOMS
from footlights.media.rehearsal.skeleton import rotation, solve
from footlights.media.rehearsal.source import open_rehearsal
from footlights.media.rehearsal.stage import Stage, viewed
from footlights.media.rehearsal.truth import PersonTruth, Truth, of_person


def frames_of(address: str, count: int) -> list[Frame]:
    """The first frames."""
    return list(islice(open_rehearsal(address, "test").frames(), count))


def every(address: str) -> Iterator[tuple[Frame, Truth]]:
    """The frames of a rehearsal with an end, and what is in them."""
    source = open_rehearsal(address, "test")
    for frame in source.frames():
        yield frame, source.truth(frame.index)


class Still:
    """One person in one posture, written as in a motion file."""

    def __init__(self, address: str, **table: object) -> None:
        settings = rehearsal(address)
        self.people: list[Performer] = performers(settings)
        self.camera = camera(settings, self.people)
        self.stage = Stage(self.people, ROOMS[settings.room or "studio"](0), self.camera, settings.seed)
        self.posture = posture(table) if table else rest()

    def draw(self, expression: Expression | None = None) -> tuple[Image, PersonTruth]:
        """The picture and the truth about the first person."""
        person, face = self.people[0], expression or Expression()
        zero = np.zeros(())
        joints = solve(self.posture[None], person.body)
        joints = viewed(joints.moved(rotation(np.array(person.yaw), zero, zero), person.spot), self.camera).at(0)
        numbers = np.array([face.smile, face.open, face.brow, face.eye, face.frown])
        image = self.stage.draw(0, [joints], [numbers])
        return image, of_person(person, joints, 0.0, self.stage.depth, self.camera)
