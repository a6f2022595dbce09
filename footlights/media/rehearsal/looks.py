"""Who performs: build, skin, hair and clothes of each person. The people are data: `looks.toml`."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from footlights.media.rehearsal.body import Body, build
from footlights.media.rehearsal.textures import Colour


@dataclass(frozen=True)
class Look:
    """One person's appearance. Colours are RGB."""

    name: str
    skin: Colour
    hair: Colour
    iris: Colour
    top: Colour
    bottoms: Colour
    shoes: Colour
    accent: Colour = (240, 240, 236)  # of stripes, prints and what is worn under an open shirt
    style: str = "short"  # of the hair
    pattern: str = "plain"  # of the top
    sleeves: float = 0.5  # how far they reach: 1 to the elbow, 2 to the wrist
    trousers: float = 1.0  # 0.5 to the knee, 1 to the ankle
    beard: float = 0.0  # 0..1
    make_up: float = 0.0  # 0..1
    stature: float = 1.75  # metres
    legs: float = 1.0  # this and the next two: ratios against the average
    shoulders: float = 1.0
    girth: float = 1.0
    bust: float = 0.0  # 0..1

    def body(self) -> Body:
        """The lengths and girths that go with it."""
        return build(self.stature, self.legs, self.shoulders, self.girth, self.bust)


@lru_cache(maxsize=1)
def looks() -> tuple[Look, ...]:
    """Everybody there is."""
    text = (Path(__file__).parent / "looks.toml").read_text(encoding="utf-8")
    tables: list[dict[str, Any]] = tomllib.loads(text)["look"]
    return tuple(_look(table) for table in tables)


def _look(table: dict[str, Any]) -> Look:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return Look(**values)
