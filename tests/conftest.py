"""What tests of several floors share."""

import functools
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from footlights.core.errors import ModelMissingError
from footlights.models.pull import pull


@pytest.fixture(scope="session")
def models() -> Callable[..., None]:
    """`models("pose_detection", ...)` pulls what these cards lack, once; skips the test where that cannot be done."""
    data = os.environ.get("FOOTLIGHTS_DATA")
    if data:
        os.environ.setdefault("FOOTLIGHTS_MODEL_MIRROR", str(Path(data) / "models"))

    @functools.cache
    def obstacle(name: str) -> str | None:
        try:
            pull([name])
        except ModelMissingError as error:
            return str(error)
        return None

    def have(*names: str) -> None:
        for name in names:
            if obstacle(name):
                pytest.skip(f"the model {name} is not here and cannot be had: {obstacle(name)}")

    return have
