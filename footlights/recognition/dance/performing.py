"""A plan becomes a dance: postures on the song's real beats, no joint too fast, feet that stand where they stand."""

from dataclasses import dataclass

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.motion import Curve, Key, curve
from footlights.media.rehearsal.posture import ARM, SIZE, TRUNK, arms, rest
from footlights.recognition.dance.clearing import cleared
from footlights.recognition.dance.dance import FPS, Dance, PhraseSpan
from footlights.recognition.dance.footing import footed
from footlights.recognition.dance.planner import Placed, Plan
from footlights.recognition.dance.song import Song
from footlights.recognition.dance.track import Track

SPEED = 7.5  # metres a second that no joint exceeds between two keys; what follows may add a little
_ROUNDS = 6  # of making keys smaller until they are slow enough
HOLD = 0.14  # of the way to the nearest key: for how long before and after a beat the body rests on it
LONGEST = 0.09  # seconds: no longer than this
_HANGING = 0.35  # arm lengths, and weights, from rest
_CARRY = 0.7  # of the way from hanging down to half way between the keys before and after
_MIDDLE = 0.25  # metres from the middle of the stage that are still the middle
_DRIFT = 0.035  # metres a beat by which steps are made shorter or longer to come back to it
_CLOSE = 2.0  # beats from the last phrase back to rest
_BLINK = 0.16  # seconds


@dataclass(frozen=True, eq=False)
class Keys:
    """What is to be reached, and when. K keys, the first at second 0 or before."""

    times: Reals  # (K,) seconds, growing
    track: Track  # of (K, ...); contacts on the way to each key
    eases: tuple[str, ...]  # (K,)

    def curve(self) -> Curve:
        """A curve of (SIZE + 3) numbers: posture, spot, yaw."""
        wide = np.concatenate([self.track.rows, self.track.spot, self.track.yaw[:, None]], 1)
        steps = np.diff(self.times, prepend=self.times[0])
        made = curve([Key(float(s), row, ease) for s, row, ease in zip(steps, wide, self.eases, strict=True)])
        return Curve(made.times + self.times[0], made.rows, made.leaving, made.arriving)

    def settled(self) -> "Keys":
        """Keys at which the body stops are held for a moment, so that it is seen to stop, and on the beat."""
        gaps = np.diff(self.times)
        before, after = np.append(np.inf, gaps), np.append(gaps, np.inf)
        hold = np.minimum(np.minimum(before, after) * HOLD, LONGEST)  # (K,) seconds to either side
        stops = np.array([ease != "through" for ease in self.eases])
        stops[[0, -1]] = False
        index = np.repeat(np.arange(len(self.times)), 1 + stops)
        second = np.append(False, index[1:] == index[:-1])
        first = stops[index] & ~second
        times = self.times[index] - hold[index] * first + hold[index] * second
        eases = tuple("smooth" if late else self.eases[i] for i, late in zip(index, second, strict=True))
        track = Track(self.track.rows[index], self.track.spot[index], self.track.yaw[index], self.track.contacts[index])
        return Keys(times, track, eases)

    def at(self, times: Reals) -> Track:
        """The movement at (T,) seconds."""
        wide = self.curve().at(times)
        place = np.clip(np.searchsorted(self.times, times, side="left"), 0, len(self.times) - 1)
        return Track(wide[:, :SIZE], wide[:, SIZE : SIZE + 2], wide[:, SIZE + 2], self.track.contacts[place])


def perform(plan: Plan, song: Song, body: Body | None = None, fps: float = FPS) -> Dance:
    """The plan danced to the song by a body."""
    body = body or Body()
    times = np.arange(max(1, round(song.seconds * fps))) / fps
    keys = slowed(laid_out(plan, song, body).settled(), body)
    mood = np.interp(song.beat(times), np.arange(len(song.beats)), song.energy)
    track = alive(keys.at(times), times, mood)
    track = cleared(footed(track, body, fps, _beat_seconds(plan, song)), body, fps)
    spans = tuple(
        PhraseSpan(placed.phrase.name, placed.phrase.style, *_span(plan, song, placed), placed.mirror)
        for placed in plan.placed
    )
    return Dance(fps, track.joints(body), body, track.contacts, song, track.rows[:, TRUNK["face"]], spans)


def laid_out(plan: Plan, song: Song, body: Body, start: Track | None = None) -> Keys:
    """Every key of the plan at its moment, each phrase from where the one before ended, and rest after it.

    `start`: (1, ...) where the body is when the first phrase begins; without it at rest in the middle of the stage.
    """
    begin = start or Track(rest()[None], np.zeros((1, 2)), np.zeros(1), np.ones((1, 2), bool))
    rows, spots, yaws = [begin.rows[0]], [begin.spot[0]], [float(begin.yaw[0])]
    contacts, eases = [(True, True)], ["smooth"]
    beats = [plan.placed[0].beat if plan.placed else 0.0]
    for index, placed in enumerate(plan.placed):
        spot, yaw = spots[-1], yaws[-1]
        middle = np.mean([key.row for key in placed.phrase.keys], axis=0)
        home = _homeward(spot, placed)
        for key in placed.phrase.keys:
            beats.append(placed.beat + key.beat)
            rows.append(middle + placed.amplitude * (key.row - middle))
            spots.append(spot + _ahead(key.spot, yaw) * body.leg + home * key.beat)
            yaws.append(yaw + key.yaw)
            contacts.append(key.contacts)
            eases.append(key.ease)
        if index:
            seam = len(rows) - 1 - len(placed.phrase.keys)
            rows[seam] = _carried(rows[seam - 1], rows[seam], rows[seam + 1])
    beats.append(beats[-1] + _CLOSE)
    rows.append(rest())
    spots.append(spots[-1])
    yaws.append(yaws[-1])
    contacts.append((True, True))
    eases.append("smooth")
    track = Track(np.stack(rows), np.stack(spots), np.array(yaws), np.array(contacts))
    return Keys(plan.time(song, np.array(beats)), track, tuple(eases))


def _carried(before: Reals, end: Reals, after: Reals) -> Reals:
    """The last posture of a phrase when another follows: arms that would only hang down for a beat stay in the dance.

    Legs and what the body says on purpose are left as they are.
    """
    hanging = np.linalg.norm(arms(end)[:, ARM["chest"]] - arms(rest())[:, ARM["chest"]], axis=1) < _HANGING
    if not hanging.all():
        return end
    mixed = (1 - _CARRY) * end + _CARRY / 2 * (before + after)
    out = end.copy()
    arms(out)[:] = arms(mixed)
    for name in ("spine", "neck"):
        out[TRUNK[name]] = mixed[TRUNK[name]]
    height = TRUNK["place"].start + 1
    out[height] = mixed[height]
    return out


def _homeward(spot: Reals, placed: Placed) -> Reals:
    """(2,) metres x, z by which each beat of a phrase with steps leads nearer to the middle of the stage."""
    steps = any(key.contacts != (True, True) for key in placed.phrase.keys)
    away = float(np.linalg.norm(spot))
    if not steps or away <= _MIDDLE:
        return np.zeros(2)
    return np.asarray(-spot / away * min(_DRIFT, (away - _MIDDLE) / placed.phrase.keys[-1].beat))


def _ahead(place: tuple[float, float], yaw: float) -> Reals:
    """(2,) x, z of a place (left, forward) seen by somebody who is turned."""
    cos, sin = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    return np.array([place[0] * cos + place[1] * sin, place[1] * cos - place[0] * sin])


def _span(plan: Plan, song: Song, placed: Placed) -> tuple[float, float]:
    begin, end = plan.time(song, np.array([placed.beat, placed.beat + placed.phrase.beats], np.float64))
    return float(begin), float(end)


def _beat_seconds(plan: Plan, song: Song) -> float:
    return float(np.median(np.diff(song.beats)) / plan.rate)


def slowed(keys: Keys, body: Body, limit: float = SPEED) -> Keys:
    """Keys so close that no joint moves faster than `limit` between two of them: both come towards their middle."""
    for _ in range(_ROUNDS):
        speeds = _speeds(keys, body)
        share = np.clip(1 - limit / np.maximum(speeds, 1e-6), 0, 0.8)  # (K - 1,)
        if not share.any():
            break
        rows = keys.track.rows.copy()
        for index in np.flatnonzero(share):
            half = (keys.track.rows[index + 1] - keys.track.rows[index]) * share[index] / 2
            rows[index] += half
            rows[index + 1] -= half
        track = Track(rows, keys.track.spot, keys.track.yaw, keys.track.contacts)
        keys = Keys(keys.times, track, keys.eases)
    return keys


def _speeds(keys: Keys, body: Body, steps: int = 8) -> Reals:
    """(K - 1,) metres a second: the fastest that any joint is between two keys."""
    share = np.arange(steps + 1) / steps
    times = keys.times[:-1, None] + np.diff(keys.times)[:, None] * share
    joints = keys.at(times.ravel()).joints(body)
    places = np.concatenate(
        [_flat(joints.elbows), _flat(joints.wrists), _flat(joints.hands[..., 9, :]), _flat(joints.knees),
         _flat(joints.toes), joints.head[:, None]], 1,
    ).reshape(*times.shape, -1, 3)  # fmt: skip
    moved = np.linalg.norm(np.diff(places, axis=1), axis=-1).max(-1) / np.diff(times, axis=1)
    return np.asarray(moved.max(-1))


def _flat(pairs: Reals) -> Reals:
    return pairs.reshape(len(pairs), -1, 3)


def alive(track: Track, times: Reals, mood: Reals) -> Track:
    """The same with breath, blinks and a face that enjoys the louder parts: `mood` is (T,), 0..1."""
    rows = track.rows.copy()
    rows[:, TRUNK["spine"].start + 1] += 0.5 * np.sin(2 * np.pi * times / 3.7)
    face = TRUNK["face"].start
    rows[:, face] = np.maximum(rows[:, face], 0.25 + 0.55 * mood)
    rows[:, face + 3] *= 1 - _lids(times)
    return Track(rows, track.spot, track.yaw, track.contacts)


def _lids(times: Reals) -> Reals:
    """(T,) how far the lids are closed, 0..1."""
    rng = np.random.default_rng(5)
    blinks = np.cumsum(rng.uniform(1.8, 5.0, int(times[-1] / 1.8) + 2))
    last = np.clip(np.searchsorted(blinks, times, side="right") - 1, 0, None)
    since = (times - blinks[last]) / _BLINK
    return np.asarray(np.where((since >= 0) & (since <= 1), np.sin(np.pi * np.clip(since, 0, 1)), 0))
