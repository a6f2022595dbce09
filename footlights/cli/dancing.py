"""From the options of `footlights dance` to a dance and everything that is made of it."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footlights.core.errors import ModelMissingError, SettingsError, SinkError, SourceError
from footlights.media.faults import place_fault

log = logging.getLogger(__name__)
FILMS = (".mp4", ".m4v", ".mov")
PHRASE_TEMPO = 108.0  # beats a minute at which a single phrase is watched
PHRASE_SECONDS = 16.0  # for about how long

Progress = Callable[[float], None]


@dataclass(frozen=True)
class DanceWish:
    """What is to be danced, and what is to be made of it."""

    song: Path | None
    out: Path | None
    style: str | None
    energy: float | None
    seed: int
    model: Path | None
    phrase: str | None
    dancers: int
    together: str
    looks: tuple[str, ...]
    lights: str
    aspect: str
    height: int | None
    fps: float
    workers: int | None
    preview: Path | None
    bvh: Path | None
    gltf: Path | None
    table: Path | None
    live: bool
    mic: bool
    page: int
    host: str

    @property
    def film(self) -> Path | None:
        """Where the film goes; by itself beside nothing else that was asked for."""
        others = (self.preview, self.bvh, self.gltf, self.table)
        if self.out is not None or self.live or self.mic or any(others):
            return self.out
        return Path(f"{self.song.stem if self.song is not None else self.phrase}-dance.mp4")


def perform(wish: DanceWish, *, quiet: bool) -> None:
    """Dance, and write or show what was asked for. Raises FootlightsError."""
    _check(wish)
    if wish.mic:
        _serve_microphone(wish)
        return
    stage = Stage(quiet=quiet)
    maker = Maker(wish, stage)
    dance = maker.dance(wish.seed)
    _write(wish, dance, stage)
    if wish.live:
        _serve(wish, maker, dance)


def print_library() -> None:
    """Print styles and phrases."""
    from rich.console import Console
    from rich.table import Table

    from footlights.recognition.dance.phrase import names, phrase, styles

    table = Table(title=f"{len(names())} phrases in {len(styles())} styles", title_justify="left")
    for column in ("Style", "Phrase", "Title", "Beats", "Energy"):
        table.add_column(column, justify="right" if column in ("Beats", "Energy") else "left")
    for style in styles():
        for name in names(style):
            one = phrase(name)
            table.add_row(style, name, one.title, str(one.beats), f"{one.energy:.2f}")
        table.add_section()
    Console(file=sys.stdout).print(table)


def _check(wish: DanceWish) -> None:
    """Raises SettingsError where options do not go together, SourceError where the song is not there."""
    if wish.song is None and wish.phrase is None and not wish.mic:
        raise SettingsError("give a song: footlights dance song.mp3; or --phrase NAME, --mic, --list")
    if wish.mic and (wish.dancers > 1 or wish.model is not None):
        raise SettingsError("one dancer of the library dances to the microphone; leave --dancers and --model out")
    if wish.song is not None and (wish.phrase is not None or wish.mic):
        raise SettingsError(f"{'--phrase' if wish.phrase else '--mic'} takes no song; leave {wish.song} out")
    if wish.song is not None and not wish.song.is_file():
        raise SourceError(
            f"{wish.song}: there is no such file; give a song such as MP3, OGG, WAV, FLAC, M4A or a video"
        )
    if wish.film is not None and wish.song is not None and wish.film.resolve() == wish.song.resolve():
        raise SettingsError(f"the film would be written over the song {wish.song}; give another name with -o")
    if wish.model is not None and wish.phrase is not None:
        raise SettingsError("--model dances songs; leave --phrase out")
    if wish.model is not None and not wish.model.is_file():
        raise ModelMissingError(f"{wish.model}: there is no such model; train one: footlights train dance DATA")
    _check_names(wish)
    if wish.film is not None and wish.film.suffix.lower() not in FILMS:
        raise SinkError(f"a film is an MP4 file, not {wish.film.name!r}; name it {wish.film.stem}.mp4")
    for path in (wish.film, wish.preview, wish.bvh, wish.gltf, wish.table):
        if path is not None and not path.absolute().parent.is_dir():
            raise SinkError(f"{path} cannot be written: there is no such folder; make it first")


def _check_names(wish: DanceWish) -> None:
    """Raises SettingsError for a style, phrase or look that there is not, before anything is heard."""
    from footlights.recognition.dance.phrase import names, phrase
    from footlights.recognition.dance.show.troupe import casting

    casting(wish.looks)
    if wish.phrase is not None:
        phrase(wish.phrase)
    if wish.style is not None and wish.model is None:
        names(wish.style)


class Maker:
    """Makes dances of one song, or of one phrase: another seed, another dance."""

    def __init__(self, wish: DanceWish, stage: "Stage") -> None:
        from footlights.recognition.dance.show.troupe import casting

        self._wish, self._stage = wish, stage
        self.cast = casting(wish.looks, wish.dancers, wish.seed)
        self._song: Any = None

    def dance(self, seed: int) -> Any:
        """The `Dance` of a seed."""
        from footlights.recognition.dance.performing import perform as performed
        from footlights.recognition.dance.phrase import names
        from footlights.recognition.dance.planner import Wishes, plan

        wish, body = self._wish, self.cast[0].body()
        if wish.phrase is not None:  # another one: the next of the library
            every = names()
            return _phrase_dance(every[(every.index(wish.phrase) + seed - wish.seed) % len(every)], body)
        song = self._heard()
        wishes = Wishes(style=wish.style, energy=wish.energy, seed=seed)
        with self._stage("dancing"):
            if wish.model is not None:
                from footlights.recognition.dance.learned import generate

                return generate(wish.model, song, wishes, body=body)
            return performed(plan(song, wishes), song, body)

    def _heard(self) -> Any:
        """The song, heard once."""
        if self._song is None:
            from footlights.recognition.dance.hearing import hear

            assert self._wish.song is not None
            with self._stage("hearing") as progress:
                self._song = hear(self._wish.song, progress)
            song = self._song
            if song.notice:
                log.warning("%s", song.notice)
            log.info(
                "%s: %.0f s, %.0f beats a minute, %d/4, %d sections", song.title, song.seconds, song.tempo, song.meter,
                len(song.sections),
            )  # fmt: skip
        return self._song


def _phrase_dance(name: str, body: Any) -> Any:
    """One phrase on an even beat, on both sides where it has two."""
    from footlights.recognition.dance.performing import perform as performed
    from footlights.recognition.dance.phrase import phrase
    from footlights.recognition.dance.planner import Placed, Plan
    from footlights.recognition.dance.song import steady

    one = phrase(name)
    times = max(2, round(PHRASE_SECONDS * PHRASE_TEMPO / 60 / one.beats))
    song = steady(PHRASE_TEMPO, (times * one.beats + 4) * 60 / PHRASE_TEMPO, one.meter, one.title)
    placed = []
    for turn in range(times):
        other = one.mirrorable and turn % 2 == 1
        placed.append(Placed(one.reflected() if other else one, turn * one.beats, other))
    return performed(Plan(tuple(placed)), song, body)


def _write(wish: DanceWish, dance: Any, stage: "Stage") -> None:
    """Every file that was asked for."""
    if wish.table is not None:
        _save(wish.table, json.dumps(dance.json()).encode())
    if wish.bvh is not None:
        from footlights.recognition.dance.bvh import write_bvh

        write_bvh(dance, wish.bvh)
        log.info("%s: %d frames", wish.bvh, len(dance))
    if wish.gltf is not None:
        from footlights.recognition.dance.gltf import write_gltf

        write_gltf(make_troupe(wish, dance), wish.gltf)
        log.info("%s: %d dancers", wish.gltf, wish.dancers)
    if wish.preview is not None:
        with stage("drawing stills") as progress:
            _draw_preview(wish, wish.preview, dance, progress)
        log.info("%s: stills", wish.preview)
    if wish.film is not None:
        from footlights.recognition.dance.film import film

        with stage("filming") as progress:
            show = film(dance, wish.film, film_settings(wish), workers=wish.workers, progress=progress)
        log.info("%s: %d frames, %d x %d, %.0f s", wish.film, len(show), show.width, show.height, dance.seconds)


def _draw_preview(wish: DanceWish, path: Path, dance: Any, progress: Progress) -> None:
    """Twelve stills of a dance; of a phrase every half beat."""
    from footlights.recognition.dance.stills import save_picture, sheet

    if wish.phrase is None:
        save_picture(sheet(dance, film_settings(wish), progress), path)
        return
    from footlights.recognition.dance.contact_sheet import contact_sheet
    from footlights.recognition.dance.phrase import phrase

    save_picture(contact_sheet(phrase(wish.phrase)), path)


def film_settings(wish: DanceWish) -> Any:
    """How it is shown."""
    from footlights.recognition.dance.film import FilmSettings
    from footlights.recognition.dance.show.troupe import casting

    return FilmSettings(
        aspect=wish.aspect, height=wish.height, fps=wish.fps, dancers=wish.dancers, together=wish.together,
        cast=casting(wish.looks, wish.dancers, wish.seed), colours=wish.lights, seed=wish.seed,
    )  # fmt: skip


def make_troupe(wish: DanceWish, dance: Any) -> Any:
    """Everybody who dances it."""
    from footlights.recognition.dance.show.troupe import casting, troupe

    width, height = film_settings(wish).size
    cast = casting(wish.looks, wish.dancers, wish.seed)
    return troupe(dance, wish.dancers, wish.together, cast, width / height, wish.seed)


def _serve(wish: DanceWish, maker: "Maker", dance: Any) -> None:
    """The page, until Ctrl+C."""
    from footlights.recognition.dance.live.server import LivePage

    def another(seed: int) -> Any:
        return make_troupe(wish, maker.dance(seed))

    _until_stopped(LivePage(another, make_troupe(wish, dance), wish.seed, host=wish.host, port=wish.page))


def _serve_microphone(wish: DanceWish) -> None:
    """The page whose microphone is danced to, until Ctrl+C."""
    from footlights.recognition.dance.live.ear import Ear
    from footlights.recognition.dance.live.partner import Improvising
    from footlights.recognition.dance.live.server import LivePage
    from footlights.recognition.dance.performing import perform as performed
    from footlights.recognition.dance.planner import Plan, Wishes
    from footlights.recognition.dance.show.troupe import casting, troupe
    from footlights.recognition.dance.song import steady

    cast = casting(wish.looks, 1, wish.seed)
    body = cast[0].body()
    wishes = Wishes(style=wish.style, energy=wish.energy, seed=wish.seed)
    standing = troupe(performed(Plan(()), steady(120.0, 1.0, title="What plays now"), body), cast=cast)
    ear = Ear(lambda rate: Improvising(rate, wishes, body))
    _until_stopped(
        LivePage(lambda seed: standing, standing, host=wish.host, port=wish.page, more=(ear.route,), ear=True)
    )


def _until_stopped(page: Any) -> None:
    log.info("the page: %s", page.url)
    log.info("Ctrl+C ends it.")
    try:
        page.wait()
    except KeyboardInterrupt:
        log.info("The dance is over.")
    finally:
        page.close()


def _save(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as fault:
        raise SinkError(f"{path} cannot be written: {place_fault(fault)}") from None
    log.info("%s: %.1f MB", path, len(content) / 1e6)


class Stage:
    """Shows on a terminal which part of the work goes on, and how far it is."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    @contextmanager
    def __call__(self, name: str) -> Iterator[Progress]:
        """A part of the work; what it gives takes the share that is done, 0..1."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
        console = Console(stderr=True)
        with Progress(
            *columns, console=console, transient=True, disable=self._quiet or not console.is_terminal
        ) as bars:
            task = bars.add_task(name, total=1.0)
            yield lambda share: bars.update(task, completed=share)
