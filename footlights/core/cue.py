"""Things to show, as data. The painter and the page render the same cues."""

from dataclasses import dataclass
from typing import Literal

Corner = Literal["top left", "top", "top right", "bottom left", "bottom", "bottom right"]
Tone = Literal["plain", "good", "warning", "alarm"]


@dataclass(frozen=True, slots=True)
class Badge:
    """A short text at a tracked thing ("X", "12 squats")."""

    track: int
    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Bar:
    """A labelled bar, at a tracked thing or in a corner."""

    text: str
    value: float  # 0..1
    track: int | None = None
    corner: Corner = "top left"
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text in a corner."""

    text: str
    corner: Corner = "top left"
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Overlay:
    """A picture laid over the frame: an RGBA file or a name that the app's package knows."""

    name: str
    x: float  # pixels, centre
    y: float  # pixels, centre
    size: float  # pixels, side
    angle: float = 0.0  # radians, clockwise
    alpha: float = 1.0  # 0..1


@dataclass(frozen=True, slots=True)
class Show:
    """Play something full screen where the audience looks: a file's address or any URL that a browser can play."""

    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """What is known about a tracked thing, to stand beside the picture, next to a crop of it."""

    track: int
    title: str
    picture: str  # as the name of an Overlay; empty: none
    bars: tuple[tuple[str, float], ...] = ()  # label and 0..1, in the order to show


@dataclass(frozen=True, slots=True)
class Figure:
    """A large figure with a line below it: what is read from across the room."""

    value: str  # "12"
    text: str  # "Squats"
    corner: Corner = "top left"
    tone: Tone = "plain"
    size: float = 1.0  # of the letters; 1: about a seventh of the picture's height


@dataclass(frozen=True, slots=True)
class Strip:
    """A timeline along the lower edge: what was when, with a curve over it."""

    begin: float  # seconds
    end: float  # seconds
    spans: tuple[tuple[float, float, str], ...] = ()  # from, to, what; the same text has the same colour
    curve: tuple[tuple[float, float], ...] = ()  # seconds, 0..1
    text: str = ""  # at the right end


@dataclass(frozen=True, slots=True)
class Outline:
    """A zone or a line, drawn over the picture: two points are a line, three and more a closed outline."""

    points: tuple[tuple[float, float], ...]  # shares of the picture's width and height, 0..1 from its top left
    text: str = ""
    tone: Tone = "plain"


Cue = Badge | Bar | Text | Overlay | Show | Card | Figure | Strip | Outline
