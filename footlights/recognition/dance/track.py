"""A body on the stage over time: its posture, where it stands, where it faces, which feet bear weight."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.skeleton import Joints, rotation, solve


@dataclass(frozen=True, eq=False)
class Track:
    """T moments, or K keys."""

    rows: Reals  # (T, SIZE) postures on the spot, along the facing
    spot: Reals  # (T, 2) metres x, z on the stage
    yaw: Reals  # (T,) degrees to the left of the audience's direction
    contacts: NDArray[np.bool_]  # (T, 2) left, right

    @property
    def facing(self) -> Reals:
        """(T, 3, 3) rotations from the body's axes to the stage's."""
        none = np.zeros(len(self.yaw))
        return rotation(self.yaw, none, none)

    @property
    def place(self) -> Reals:
        """(T, 3) the spot on the stage, metres."""
        return np.stack([self.spot[:, 0], np.zeros(len(self.spot)), self.spot[:, 1]], -1)

    def on_stage(self, points: Reals) -> Reals:
        """(T, N, 3) points given in the body's axes from its spot."""
        return np.asarray(points @ np.swapaxes(self.facing, -1, -2) + self.place[:, None])

    def off_stage(self, points: Reals) -> Reals:
        """(T, N, 3) the other way round."""
        return np.asarray((points - self.place[:, None]) @ self.facing)

    def joints(self, body: Body) -> Joints:
        """Joints on the stage: every posture at its spot, along its facing."""
        own, facing = solve(self.rows, body), self.facing
        moved = {}
        for field in fields(Joints):
            array = getattr(own, field.name)
            if field.name.endswith("axes"):
                moved[field.name] = facing.reshape(len(facing), *[1] * (array.ndim - 3), 3, 3) @ array
            else:
                moved[field.name] = self.on_stage(array.reshape(len(array), -1, 3)).reshape(array.shape)
        return Joints(**moved)
