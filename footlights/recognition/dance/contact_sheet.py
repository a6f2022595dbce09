"""A contact sheet: the puppet at every beat and between, to see what a phrase or a dance looks like."""

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.camera import Camera, placed
from footlights.media.rehearsal.face import Expression
from footlights.media.rehearsal.figure import Figure, figure
from footlights.media.rehearsal.looks import Look, looks
from footlights.media.rehearsal.raster import Raster
from footlights.media.rehearsal.shade import Light, lit
from footlights.media.rehearsal.skeleton import Joints, rotation
from footlights.recognition.dance.dance import Dance
from footlights.recognition.dance.performing import perform
from footlights.recognition.dance.phrase import Phrase
from footlights.recognition.dance.planner import Placed, Plan
from footlights.recognition.dance.song import steady

TEMPO = 115.0  # beats a minute at which a phrase is shown
TILE = (150, 190)  # pixels, width and height
_ROUNDS = 3  # of a phrase that are danced; the one in the middle is shown, which begins where the first ended
_ON, _OFF, _FLOOR, _INK = (236, 236, 232), (208, 208, 206), 0.88, (150, 40, 40)
_CALM = (0.3, 0.0, 0.0, 1.0, 0.0)  # the face of a dance without faces


def rounds(phrase: Phrase, tempo: float = TEMPO, count: int = _ROUNDS, body: Body | None = None) -> Dance:
    """The phrase danced a number of times, from rest to rest, beat 0 of the first at second 0."""
    plan = Plan(tuple(Placed(phrase, float(phrase.beats * index)) for index in range(count)))
    seconds = (phrase.beats * count + 2.5) * 60 / tempo
    return perform(plan, steady(tempo, seconds, phrase.meter), body)


def contact_sheet(shown: Phrase | Dance, columns: int = 9, *, yaw: float = 0.0, look: int = 0) -> Image:
    """(H, W, 3) a still at every half beat, light on the beat, dark between.

    `yaw`: degrees by which the dancer is seen turned to its left. The camera follows it over the stage.
    """
    person = looks()[look]
    if isinstance(shown, Phrase):
        dance = rounds(shown, body=person.body())
        begin = float(shown.beats)
        beats, title = begin + np.arange(2 * shown.beats + 1) / 2, f"{shown.name}  {shown.style}  {shown.energy:.2f}"
    else:
        dance = shown
        beats, begin, title = np.arange(2 * len(shown.song.beats)) / 2, 0.0, shown.song.title
    moments = np.clip(np.round(dance.song.time(beats) * dance.fps).astype(int), 0, len(dance) - 1)
    artist = _Artist(person, yaw)
    tiles = [
        artist.still(dance.joints.at(moment), dance.face[moment] if dance.face is not None else np.array(_CALM), beat)
        for moment, beat in zip(moments, beats - begin, strict=True)
    ]
    blank: Image = np.full_like(tiles[0], 255)
    tiles += [blank] * (-len(tiles) % columns)
    sheet = np.concatenate(
        [np.concatenate(tiles[first : first + columns], 1) for first in range(0, len(tiles), columns)]
    )
    cv2.putText(sheet, title, (4, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)
    return np.asarray(sheet, np.uint8)


class _Artist:
    """Draws one dancer before a plain wall, tile after tile."""

    def __init__(self, look: Look, yaw: float) -> None:
        width, height = TILE
        self._camera: Camera = placed(width, height, "full", [look.body()], np.zeros((1, 3)), pitch=8.0, distance=3.4)
        self._figure: Figure = figure(look, look.body(), 1, height / 8)
        self._raster = Raster(width, height, self._camera.focal)
        none = np.zeros(())
        self._turn = rotation(np.array(yaw), none, none)

    def still(self, joints: Joints, face: Reals, beat: float) -> Image:
        """(H, W, 3) one moment."""
        camera, (width, height) = self._camera, TILE
        middle = joints.pelvis * [0.8, 0, 1]
        turned = joints.moved(self._turn, -self._turn @ middle)
        on_beat = abs(beat - round(beat)) < 0.01
        picture: Image = np.full((height, width, 3), _ON if on_beat else _OFF, np.uint8)
        picture[int(height * _FLOOR) :] -= 22
        self._raster.begin()
        seen = turned.moved(camera.axes, -camera.axes @ camera.position)
        self._figure.draw(self._raster, seen, Expression.rounded(face), -camera.axes[:, 1])
        lit(self._raster, picture, Light())
        cv2.putText(picture, f"{beat:g}", (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)
        return picture
