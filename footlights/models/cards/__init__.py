"""Model cards: where a model comes from, what its file must be, what goes in and how its output is read.

One TOML file in this folder for each model; the file's name is the model's name. A new model of a known head needs
nothing else.
"""

import difflib
import functools
import hashlib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Literal

from footlights.core.errors import SettingsError

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Input:
    """How a picture becomes the model's input: an RGB picture, float32, one picture a call."""

    width: int = 0  # pixels; 0: the model takes no picture
    height: int = 0  # pixels
    low: float = 0.0  # value of black
    high: float = 1.0  # value of white
    pad: float = 0.0  # value around a picture of another shape
    border: Literal["pad", "repeat"] = "pad"  # what a crop shows outside of the picture: `pad`, or the nearest pixel
    fit: Literal["centre", "corner"] = "centre"  # where a picture of another shape lies in the input
    layout: Literal["nhwc", "nchw"] = "nhwc"
    colour: Literal["rgb", "bgr"] = "rgb"

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True)
class Head:
    """How the output is read: the name of a decoder in `perception.heads`, and what that decoder must know."""

    kind: Literal["ssd", "yolox", "pose", "hand", "mesh", "classes", "movement", "features", "none"]
    strides: tuple[int, ...] = ()  # pixels of the input, one for each layer of anchors
    anchors: int = 1  # for each cell of a layer
    points: int = 0  # for each anchor or landmark output
    view: str = ""  # which part of a person a movement net looks at: `recognition.movement.features.VIEWS`

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True)
class Card:
    """All that is known of one model file before it is opened.

    `source` is `pypi:NAME==VERSION`, `npm:NAME@VERSION`, the https address of the file itself, or `footlights` for a
    model that this project trained and that lies in `models/weights`; `path` is the place inside a package. `keep`
    names the outputs to keep: the others, and the operators that only they need, are cut off when the model is pulled.
    """

    name: str
    title: str
    source: str
    sha256: str
    size: int  # bytes
    licence: str
    head: Head
    input: Input = Input()
    path: str = ""
    optional: bool = False  # everything works without it, something better with it
    keep: tuple[str, ...] = ()
    labels: tuple[str, ...] = field(default=(), repr=False)
    thresholds: tuple[float, ...] = field(default=(), repr=False)  # one for each label: probable enough to count

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    @property
    def shipped(self) -> bool:
        """True where the file came with footlights itself."""
        return self.source == "footlights"

    @property
    def file(self) -> str:
        """The file's own name, as its publisher gave it; mirrors use it too."""
        return PurePosixPath(self.path or self.source).name

    @property
    def stored(self) -> str:
        """The file's name in the cache. Another content, or another cut, has another name."""
        recipe = hashlib.sha256("\n".join([self.sha256, *self.keep]).encode()).hexdigest()
        return f"{self.name}-{recipe[:12]}{PurePosixPath(self.file).suffix}"


@functools.cache
def cards() -> dict[str, Card]:
    """Every card of this package, by name, in alphabetical order."""
    return {path.stem: read_card(path) for path in sorted(FOLDER.glob("*.toml"))}


def card(name: str) -> Card:
    """The card of a model. Raises SettingsError, with the nearest name, where there is none."""
    found = cards().get(name)
    if found is None:
        near = difflib.get_close_matches(name, cards(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(cards())}"
        raise SettingsError(f"no model is named {name!r}; {hint}")
    return found


def read_card(path: Path) -> Card:
    """Read and check one card. Raises SettingsError, naming the key, where it does not hold what a card must."""
    import pydantic

    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return pydantic.TypeAdapter(Card).validate_python({"name": path.stem, **table})
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"the model card {path.name} is not TOML: {error}") from error
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise SettingsError(f"the model card {path.name} is wrong at {place!r}: {first['msg']}") from error
