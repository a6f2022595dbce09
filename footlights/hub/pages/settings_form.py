"""A form for the settings of an app, made from their description: one field each, nothing twice."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui import ui

from footlights.wire.fields import Field


class SettingsForm:
    """Fields that hold what is given; what stays at its default is not said. `models` are offered for a model."""

    def __init__(
        self, fields: list[Field], values: Mapping[str, Any], on_change: Callable[[], None], models: Sequence[str] = ()
    ) -> None:
        self._fields = fields
        self._models = list(models)
        self._inputs: dict[str, Any] = {}
        self._on_change = on_change
        flat = dict(_flat(values))
        for field in fields:
            self._inputs[field.name] = self._input(field, flat.get(field.name))

    def values(self) -> dict[str, Any]:
        """What was said, nested as the document has it."""
        out: dict[str, Any] = {}
        for field in self._fields:
            value = self._inputs[field.name].value
            if value in (None, "") or value == _default(field):
                continue
            place = out
            *path, last = field.name.split(".")
            for part in path:
                place = place.setdefault(part, {})
            place[last] = _said(field, value)
        return out

    def _input(self, field: Field, value: Any) -> Any:
        label = field.name.replace("_", " ").replace(".", ": ").capitalize() + (
            f" ({field.unit})" if field.unit else ""
        )
        change = self._on_change
        many = field.type.startswith("list of")
        if field.type == "bool":
            made: Any = ui.switch(label, value=_default(field) if value is None else bool(value), on_change=change)
        elif field.choices and not many:
            options = [str(choice) for choice in field.choices]
            made = ui.select(options, label=label, value=str(value) if value is not None else None, on_change=change)
            made.props("outlined clearable")
        elif field.type in ("int", "float"):
            made = ui.number(label, value=value, min=field.min, max=field.max, on_change=change).props("outlined")
            made.props(f'placeholder="{field.text()}"')
        else:
            shown = "\n".join(map(str, value)) if many and isinstance(value, list | tuple) else value
            if many:
                made = ui.textarea(label, value=shown or "", on_change=change)
            else:
                offered = self._models if field.name == "model" else None
                made = ui.input(label, value=shown or "", on_change=change, autocomplete=offered)
            made.props("outlined autogrow" if many else "outlined")
        return made.tooltip(field.help) if field.help else made


def _default(field: Field) -> Any:
    return field.default if field.type == "bool" else None


def _said(field: Field, value: Any) -> Any:
    if field.type.startswith("list of"):
        return [line.strip() for line in str(value).splitlines() if line.strip()]
    return int(value) if field.type == "int" else value


def _flat(values: Mapping[str, Any], prefix: str = "") -> Any:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
