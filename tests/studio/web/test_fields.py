"""The forms of settings say what the recipes say."""

from dataclasses import fields

import pytest

from footlights.core.errors import SettingsError
from footlights.studio.project import KINDS
from footlights.studio.web.pages.fields import FIELDS, Field


@pytest.mark.parametrize("kind", KINDS)
def test_names_and_values_are_those_of_the_recipe(kind: str) -> None:
    pytest.importorskip("torch", reason="the extra `train` is not installed")
    from footlights.studio.train import settings_for

    known = {field.name: field.default for field in fields(settings_for(kind))}
    for field in FIELDS[kind]:  # type: ignore[index]
        assert known[field.name] == field.default, field.name
        assert type(known[field.name]) is type(field.default)


def test_what_cannot_be_is_refused() -> None:
    epochs = Field("epochs", "Epochs", 20, 1, 1000)
    assert epochs.read(3.0) == 3 and isinstance(epochs.read(3.0), int)
    for value in (None, 0, 1001, float("nan")):
        with pytest.raises(SettingsError, match="Epochs must be from 1 to 1000"):
            epochs.read(value)
