"""The trainings of these tests use one core."""

import pytest


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """What torch may use."""
    torch = pytest.importorskip("torch", reason="needs the extra: pip install 'footlights[train]'")
    torch.set_num_threads(1)
