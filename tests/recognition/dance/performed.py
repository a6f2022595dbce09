"""Dances for tests of what is made of dances: motions of the rehearsal, to a song that nobody plays."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from footlights.media.rehearsal.cast import performers, rehearsal
from footlights.media.rehearsal.posture import TRUNK
from footlights.media.rehearsal.skeleton import rotation, solve
from footlights.recognition.dance.dance import Dance, PhraseSpan
from footlights.recognition.dance.song import Section, Song, steady


def a_song(seconds: float = 16.0, tempo: float = 120.0, path: Path | None = None) -> Song:
    """A verse, a chorus, the verse again."""
    plain = steady(tempo, seconds)
    count = len(plain.beats)
    edges = [0, count // 3, 2 * count // 3, count]
    sections = tuple(
        Section(begin, end, label, energy)
        for begin, end, label, energy in zip(edges[:-1], edges[1:], "ABA", (0.3, 0.9, 0.3), strict=True)
    )
    return replace(plain, sections=sections, path=None if path is None else str(path))


def a_dance(
    seconds: float = 16.0, motions: str = "jumping_jack+clap", fps: float = 60.0, song: Song | None = None,
    roam: float = 0.0,
) -> Dance:  # fmt: skip
    """Motions one after the other. `roam`: metres to each side that it wanders, turning meanwhile."""
    (person,) = performers(rehearsal(f"{motions}?look=1&seed=3"))
    times = np.arange(round(seconds * fps)) / fps
    postures = person.score.postures(times)
    joints = solve(postures, person.body)
    if roam:
        yaw = 60 * np.sin(times * 0.8)
        turn = rotation(yaw, np.zeros(len(times)), np.zeros(len(times)))
        spot = np.stack([roam * np.sin(times * 0.7), np.zeros(len(times)), roam * 0.5 * np.cos(times * 0.5)], -1)
        joints = _moved(joints, turn, spot)
    song = song or a_song(seconds)
    spans = (PhraseSpan("first", "test", 0.0, seconds / 2), PhraseSpan("second", "test", seconds / 2, seconds))
    contacts = np.ones((len(times), 2), bool)
    return Dance(fps, joints, person.body, contacts, song, postures[:, TRUNK["face"]], spans)


def _moved(joints: object, turn: np.ndarray, spot: np.ndarray) -> object:
    moments = [joints.at(index).moved(turn[index], spot[index]) for index in range(len(spot))]
    return type(joints)(**{
        name: np.stack([getattr(moment, name) for moment in moments]) for name in type(joints).__dataclass_fields__
    })  # fmt: skip
