"""Data for the tests of recognition."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of test data that cannot be committed."""
    folder = os.environ.get("FOOTLIGHTS_DATA")
    if not folder:
        pytest.skip("FOOTLIGHTS_DATA is not set: it names the folder with the pictures for this test")
    return Path(folder)
