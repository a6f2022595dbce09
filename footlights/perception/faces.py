"""The face of every person whose pose is known, and of every track that is a face itself."""

import math
from typing import ClassVar

import numpy as np

from footlights.core.frame import Frame
from footlights.core.geometry import transform
from footlights.core.scene import Face, Floats, Region, Scene, Track
from footlights.models.cards import card
from footlights.models.session import open_session
from footlights.perception.crops import crop
from footlights.perception.detect import BoxModel
from footlights.perception.heads import sigmoid
from footlights.perception.regions import face_region, head_region

ROOM = 1.4  # side of the region in which a followed face is looked for, to that in which it is read
SMALL = 16.0  # pixels: a region below this holds no face that could be read
# Vertices of the mesh whose mean is a point of `skeleton.FACE`.
POINTS = ((33, 133, 159, 145), (263, 362, 386, 374), (1,), (13, 14), (234,), (454,))


class FaceStage:
    """Needs poses, gives the face of each person; also that of tracks which are faces themselves (`face_detectors`).

    BlazeFace also fires on the back of heads, on coats and on printed faces; the mesh model tells whether there is a
    face, and places the six points better, so it runs whether the `mesh` itself is asked for or not.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"pose"})
    gives: ClassVar[frozenset[str]] = frozenset({"face"})

    def __init__(self, mesh: bool = False, threshold: float = 0.5, threads: int = 1) -> None:
        self.mesh = mesh
        self.threshold = threshold
        self._detector = BoxModel("face_detection_short_range", threshold, threads)
        self._input = card("face_landmark").input
        self._session = open_session("face_landmark", threads)

    def run(self, scene: Scene) -> None:
        """Fill `face` of every person who shows one."""
        for track in scene.tracks:
            region = _where(track)
            if region is not None and region.size >= SMALL:
                track.face = self._find(scene.frame, region)
                if track.face is not None and track.label == "face":
                    track.box, track.score, track.seen = track.face.box, track.face.score, scene.frame.time

    def _find(self, frame: Frame, region: Region) -> Face | None:
        found = self._detector.find(frame, region)
        if not len(found):
            return None
        middle = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
        best = int(np.linalg.norm(middle - [region.x, region.y], axis=1).argmin())
        box, points = found.boxes[best], found.points[best]
        mesh, presence = self._read(frame, face_region(box, _roll(points)))
        if presence < self.threshold:
            return None
        points = np.array([mesh[list(vertices), :2].mean(axis=0) for vertices in POINTS], np.float32)
        return Face(box, points, presence, _roll(points), mesh if self.mesh else None)

    def _read(self, frame: Frame, region: Region) -> tuple[Floats, float]:
        """(468, 3) mesh in pixels, and how sure it is that this is a face."""
        values, matrix = crop(frame, region, self._input)
        outputs = self._session.run(values)
        points: Floats = outputs["conv2d_21"].reshape(468, 3)
        depth = points[:, 2:] * np.float32(region.size / self._input.width)
        mesh = np.concatenate([transform(points[:, :2], matrix), depth], axis=1)
        return mesh, float(sigmoid(outputs["conv2d_31"].reshape(1))[0])


def _roll(points: Floats) -> float:
    """How far the eyes, the first two points, are turned clockwise."""
    return math.atan2(float(points[1, 1] - points[0, 1]), float(points[1, 0] - points[0, 0]))


def _where(track: Track) -> Region | None:
    """Where to look for a track's face."""
    if track.pose is not None:
        return head_region(track.pose)
    if track.label == "face":
        before = track.before.face if track.before is not None else None
        region = face_region(track.box, before.roll if before is not None else 0.0)
        return Region(region.x, region.y, region.size * ROOM, region.angle)
    return None
