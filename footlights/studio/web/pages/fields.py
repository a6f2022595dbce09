"""The settings of trainings as fields of a form. Names, values and meaning are those of the recipes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from footlights.core.errors import SettingsError
from footlights.studio.project import Kind
from footlights.studio.web.training import USUAL


@dataclass(frozen=True)
class Field:
    """One setting."""

    name: str
    label: str
    default: Any
    least: float | None = None
    most: float | None = None
    choices: Mapping[str, str] | None = None  # value: what people read
    help: str = ""
    rare: bool = False  # shown on request

    def make(self, value: Any) -> Any:
        """The field in a form."""
        if self.choices is not None:
            made: Any = ui.select(dict(self.choices), value=value if value in self.choices else self.default)
            made.props(f'outlined label="{self.label}"')
        elif isinstance(self.default, bool):
            made = ui.switch(self.label, value=bool(value))
        else:
            made = ui.number(self.label, value=value, min=self.least, max=self.most).props('outlined step="any"')
        made.props(f'data-setting="{self.name}"')
        return made.tooltip(self.help) if self.help else made

    def read(self, value: Any) -> Any:
        """What was put into the form. Raises SettingsError where it cannot be."""
        if self.choices is not None or isinstance(self.default, bool):
            return value
        low, high = (self.least if self.least is not None else 0.0), (self.most if self.most is not None else 1e9)
        if value is None or not low <= float(value) <= high:
            raise SettingsError(f"{self.label} must be from {low:g} to {high:g}")
        return int(value) if isinstance(self.default, int) else float(value)


def _shared(epochs: int, batch: int, rate: float) -> tuple[Field, ...]:
    return (
        Field("epochs", "Epochs", epochs, 1, 1000, help="Times through everything"),
        Field("seed", "Seed", 1, 0, 2**31 - 1, help="The same seed gives the same model"),
        Field("batch", "Batch", batch, 2, 512, help="Examples in one step", rare=True),
        Field("rate", "Learning rate", rate, 1e-6, 1.0, help="At its peak", rare=True),
    )


_MIRROR = Field("mirror", "Mirror some", True, help="Never done where a label says left or right", rare=True)
FIELDS: dict[Kind, tuple[Field, ...]] = {
    "photos": (
        Field(
            "crop", "What counts", "none",
            choices={"none": "the whole picture", "person": "the person", "face": "the face"},
            help="The largest person or face in a picture, or everything",
        ),
        *_shared(USUAL["photos"], 32, 2e-3),
        Field("variants", "Variants", 9, 0, 50, help="Of each picture, seen differently", rare=True),
        _MIRROR,
    ),
    "clips": (
        Field(
            "backbone", "It looks at", "people",
            choices={"people": "people: body and hands", "picture": "the whole picture"},
            help="Movements of people need few clips; things need the whole picture",
        ),
        Field("layers_to_finetune", "Layers to finetune", 1, 0, 6, help="Last blocks that learn, too"),
        *_shared(USUAL["clips"], 12, 2e-3),
        Field("variants", "Variants", 24, 0, 100, help="Of each clip, seen differently", rare=True),
        _MIRROR,
    ),
    "boxes": (
        *_shared(USUAL["boxes"], 8, 1.5e-3),
        Field("size", "Picture size", 416, 64, 1280, help="Pixels of the input's sides, a multiple of 32", rare=True),
    ),
}  # fmt: skip
