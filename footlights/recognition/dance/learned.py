"""Dances of a learned model: one ONNX file that `footlights train dance` writes, on ONNX Runtime alone.

Token by token: four for every count, each a code of the upper and two of the lower body, drawn from what the model
holds likely after the last 128 tokens and the music two beats around. So songs may be of any length and have no seams.
A part of the song that comes again is danced again with the same codes.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footlights.core.errors import ModelCorruptError, ModelMissingError, SettingsError
from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.recognition.dance.calming import calmed
from footlights.recognition.dance.dance import FPS, Dance, PhraseSpan
from footlights.recognition.dance.grounding import grounded
from footlights.recognition.dance.music import RATE, Sound, music_tokens, read_sound
from footlights.recognition.dance.planner import Wishes
from footlights.recognition.dance.song import Song
from footlights.recognition.dance.tokens import TOKENS, Grid, grid, joints_of

FORMAT = "footlights-dancer-2"
MEMORY = 32 * TOKENS  # tokens
HOME = 0.25  # a second: how fast a dancer comes back who has gone further than a metre from the middle
TOKENS_OF_BAR = 4 * TOKENS
_NGRAM = 4 * TOKENS  # tokens that must be alike before the next one counts as a repetition
_WITHIN = 8 * TOKENS_OF_BAR  # tokens back in which repetitions count: eight bars
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Sampling:
    """How codes are drawn."""

    temperature: float = 0.2  # 0: always the likeliest
    top: int = 50  # codes that may be drawn at all
    guidance: float = 1.5  # how much the music counts; 1: as it was learned
    repetition: float = 0.3  # taken off the logit of a code for each time that it followed the same tokens before
    reuse: bool = True  # whether a part of the song that comes again is danced alike


@dataclass(frozen=True, eq=False)
class Said:
    """What one step says: N rows."""

    told: NDArray[np.float32]  # (N, W)
    first: NDArray[np.float32]  # (N, 1200) logits of the token's first part


@dataclass(slots=True)
class Memory:
    """The last 127 tokens as the net remembers them."""

    keys: NDArray[np.float32]
    values: NDArray[np.float32]


class DanceModel:
    """An opened model file. Used by one thread."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        import onnxruntime

        if not path.is_file():
            raise ModelMissingError(f"there is no model {path}; train one with: footlights train dance")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            notes = self._session.get_modelmeta().custom_metadata_map
            if notes.get("format") != FORMAT:
                raise ValueError(f"its format is {notes.get('format')!r}, not {FORMAT!r}; train it again")
            self.styles: tuple[str, ...] = tuple(json.loads(notes["styles"]))
            self.danced: tuple[int, ...] = tuple(json.loads(notes["danced"]))  # styles that its data hold
            self._sizes = {name: int(notes[name]) for name in ("layers", "heads", "wide", "around", "codes", "parts")}
        except Exception as fault:  # each kind of damage raises its own, and all of them mean the same here
            raise ModelCorruptError(f"{path} is no dancer that footlights trained: {fault}") from fault
        self._only = onnxruntime.RunOptions()
        self._only.only_execute_path_to_fetches = True
        self._idle = self._empty()

    @property
    def none_yet(self) -> int:
        """The code before the first one."""
        return self._sizes["codes"]

    @property
    def parts(self) -> int:
        """Codes of a token."""
        return self._sizes["parts"]

    @property
    def around(self) -> int:
        """Tokens of music that a step sees before and after its own."""
        return self._sizes["around"]

    def begin(self, rows: int) -> Memory:
        """An empty memory."""
        shape = rows, self._sizes["layers"], self._sizes["heads"], MEMORY - 1, self._sizes["wide"]
        return Memory(np.zeros(shape, np.float32), np.zeros(shape, np.float32))

    def step(
        self, before: Codes, heard: NDArray[np.float32], style: Codes, with_music: NDArray[np.float32], place: int,
        memory: Memory,
    ) -> Said:  # fmt: skip
        """The next token after (3,) `before`, at this place of the song; `memory` goes on. Rows as in the memory."""
        rows = len(memory.keys)
        pad = 2 - rows  # the file has two rows: with the music and without
        feeds = {
            "before": np.tile(before, (2, 1)), "heard": np.concatenate([heard, heard[:pad]]),
            "style": np.concatenate([style, style[:pad]]), "with_music": np.concatenate([with_music, with_music[:pad]]),
            "place": np.array([place]), "keys": np.concatenate([memory.keys, memory.keys[:pad]]),
            "values": np.concatenate([memory.values, memory.values[:pad]]),
        }  # fmt: skip
        told, first, keys, values = self._run(["told", "first", "keys_after", "values_after"], feeds)
        memory.keys, memory.values = keys[:rows], values[:rows]
        return Said(told[:rows], first[:rows])

    def later(self, told: NDArray[np.float32], drawn: Codes) -> NDArray[np.float32]:
        """(N, 1200) logits of the part of a token that comes after the (n,) codes drawn for it."""
        rows, count = len(told), len(drawn)
        feeds = {f"told_{count}": np.concatenate([told, told[: 2 - rows]]), f"drawn_{count}": np.tile(drawn, (2, 1))}
        return np.asarray(self._run([f"later_{count}"], feeds)[0][:rows])

    def decode(self, codes: Codes) -> NDArray[np.float32]:
        """(K, 3) codes -> (4 K, 152) motion."""
        return np.asarray(self._run(["motion"], {"codes": codes[None].astype(np.int64)})[0][0])

    def _run(self, outputs: list[str], feeds: dict[str, Any]) -> list[Any]:
        found: list[Any] = self._session.run(outputs, {**self._idle, **feeds}, self._only)
        return found

    def _empty(self) -> dict[str, Any]:
        """Something for every input: those of the nets that are not asked are not looked at."""
        kinds = {"tensor(int64)": np.int64, "tensor(float)": np.float32}
        return {
            value.name: np.zeros([size if isinstance(size, int) else 2 for size in value.shape], kinds[value.type])
            for value in self._session.get_inputs()
        }


def open_model(path: str | Path) -> DanceModel:
    """Raises ModelMissingError or ModelCorruptError where the file cannot be used."""
    return DanceModel(Path(path))


def generate(
    model: DanceModel | str | Path, song: Song, wishes: Wishes | None = None, *, sound: Sound | None = None,
    rate: int = 0, tokens: NDArray[np.float32] | None = None, sampling: Sampling | None = None,
    body: Body | None = None, fps: float = FPS,
) -> Dance:  # fmt: skip
    """The model's dance to a song. `sound` (2, N) at `rate`; without it the song's file is read, where it has one.

    `tokens`: (4 C, 163) what was heard already, instead of the sound.

    Raises SettingsError where the model does not know the wished style.
    """
    model = open_model(model) if isinstance(model, str | Path) else model
    wishes, sampling, beats = wishes or Wishes(), sampling or Sampling(), grid(song)
    if tokens is None:
        if sound is None and song.path is not None:
            sound, rate = read_sound(song.path), RATE
        tokens = music_tokens(sound, rate, _wished(beats, wishes))
    codes = compose(model, tokens, _source(song, beats) if sampling.reuse else None, wishes, sampling)
    numbers = model.decode(codes).astype(np.float64)
    return danced(numbers, song, beats, body or Body(), fps, wishes.style)


def danced(
    numbers: Reals, song: Song, beats: Grid, body: Body, fps: float = FPS, style: str | None = None, lock: bool = True
) -> Dance:
    """A dance from (16 C, 152) motion on a song's grid, at even frames from second 0 to the song's end."""
    times = np.arange(max(1, round(song.seconds * fps))) / fps
    if lock:
        numbers = calmed(numbers, beats.ticks[: len(numbers)])
    joints, contacts = joints_of(numbers, beats.ticks[: len(numbers)], times, body, home=HOME if lock else 0.0)
    if lock:
        joints, contacts = grounded(joints, contacts, body, fps)
    spans = () if style is None else (PhraseSpan("learned", style, 0.0, song.seconds),)
    return Dance(fps, joints, body, contacts, song, None, spans)


def compose(
    model: DanceModel, heard: NDArray[np.float32], source: Codes | None, wishes: Wishes, sampling: Sampling
) -> Codes:
    """(K, 3) codes for (K, 163) music. `source`: (K,) the token whose codes are danced again, -1: none."""
    if wishes.style is not None and wishes.style not in model.styles:
        raise SettingsError(f"the model has not learned {wishes.style!r}; it knows {', '.join(model.styles)}")
    rng, rows = np.random.default_rng(wishes.seed), 1 if sampling.guidance == 1 else 2
    if wishes.style is not None:
        style = model.styles.index(wishes.style)
    else:  # one that was learned; data without styles leave it open
        style = int(rng.choice(model.danced)) if model.danced else len(model.styles)
    memory, codes = model.begin(rows), np.full((len(heard), model.parts), model.none_yet, np.int64)
    window = np.pad(heard, ((model.around, model.around), (0, 0)))
    with_music, styles = np.array([[1.0], [0.0]], np.float32)[:rows], np.full(rows, style)
    before = np.full(model.parts, model.none_yet)
    for place in range(len(heard)):
        seen = np.tile(window[None, place : place + 2 * model.around + 1], (rows, 1, 1))
        said = model.step(before, seen, styles, with_music, place, memory)
        again = -1 if source is None else source[place]
        if again >= 0:
            codes[place] = codes[again]
        else:
            followed = _followed(codes[:place])
            for part in range(model.parts):
                logits = model.later(said.told, codes[place, :part]) if part else said.first
                codes[place, part] = _drawn(_guided(logits, sampling), followed[:, part], sampling, rng)
                followed = followed[followed[:, part] == codes[place, part]]
        before = codes[place]
    return codes


def _guided(logits: NDArray[np.float32], sampling: Sampling) -> Reals:
    """Away from what would be danced to any music (classifier-free guidance)."""
    if len(logits) == 1:
        return np.asarray(logits[0], np.float64).copy()
    return np.asarray(logits[1] + sampling.guidance * (logits[0] - logits[1]), np.float64)


def _drawn(logits: Reals, repeated: Codes, sampling: Sampling, rng: np.random.Generator) -> int:
    """One code: among the likeliest, less likely for each time that it came before in the same place."""
    np.subtract.at(logits, repeated, sampling.repetition)
    if sampling.temperature <= 0:
        return int(logits.argmax())
    best = np.argpartition(logits, -sampling.top)[-sampling.top :]
    share = np.exp((logits[best] - logits[best].max()) / sampling.temperature)
    return int(rng.choice(best, p=share / share.sum()))


def _followed(codes: Codes) -> Codes:
    """(M, 3) the codes that followed, within the last eight bars, on a bar of tokens like the last one."""
    recent = codes[-_WITHIN:]
    if len(recent) <= _NGRAM:
        return recent[:0]
    windows = np.lib.stride_tricks.sliding_window_view(recent, _NGRAM, axis=0)[:-1]
    same = (windows == recent[-_NGRAM:].T).all((1, 2))
    return np.asarray(recent[_NGRAM:][same])


def _source(song: Song, beats: Grid) -> Codes:
    """(4 C,) of every token: the one at the same place of the first section that sounds alike; -1: there is none."""
    source = np.full(TOKENS * len(beats), -1, np.int64)
    starts: dict[str, int] = {}
    for section in song.sections:
        inside = np.flatnonzero((beats.beats >= section.begin) & (beats.beats < section.end))
        if not len(inside):
            continue
        first = TOKENS * int(inside[0])
        if section.label in starts:
            places = np.arange(first, TOKENS * (int(inside[-1]) + 1))
            origin = starts[section.label] + places - first
            known = origin < first
            source[places[known]] = origin[known]
        else:
            starts[section.label] = first
    return source


def _wished(beats: Grid, wishes: Wishes) -> Grid:
    """The grid with the energy that somebody wishes for: the song's own, moved so that its mean is the wish."""
    if wishes.energy is None:
        return beats
    energy = np.clip(beats.energy - beats.energy.mean() + wishes.energy, 0, 1)
    return Grid(beats.times, beats.phase, energy, beats.beats)
