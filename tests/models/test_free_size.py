"""A model that was exported for one size of picture, and looks at others."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.models.cache import find
from footlights.models.cards import card
from footlights.models.free_size import free_size
from footlights.models.session import open_session


def test_the_same_answers_at_its_own_size_and_fewer_cells_at_another(models: Callable[..., None]) -> None:
    models("yolox-nano")
    plain, free = open_session("yolox-nano"), open_session("yolox-nano", free="images")
    assert plain is not free
    assert free.inputs["images"] == (1, 3, None, None)
    whole = np.random.default_rng(3).uniform(0, 255, (1, 3, 416, 416)).astype(np.float32)
    np.testing.assert_array_equal(plain.run(whole)["output"], free.run(whole)["output"])
    cells = sum((256 // stride) * (416 // stride) for stride in (8, 16, 32))
    assert free.run(whole[:, :, :256])["output"].shape == (1, cells, 85)


def test_nothing_else_of_the_file_changes(models: Callable[..., None]) -> None:
    models("yolox-nano")
    content = find(card("yolox-nano")).read_bytes()
    changed = free_size(content, "no such input")
    assert len(content) - 20_000 < len(changed) < len(content), "only the sizes inside and of the output are gone"
    assert free_size(changed, "no such input") == changed


@given(st.binary(max_size=200))
def test_rubbish_is_a_value_error_or_comes_back(content: bytes) -> None:
    try:
        free_size(content, "images")
    except (ValueError, UnicodeDecodeError):
        return


def test_a_file_that_is_cut_off_is_refused(models: Callable[..., None]) -> None:
    models("yolox-nano")
    with pytest.raises(ValueError, match="ends behind"):
        free_size(find(card("yolox-nano")).read_bytes()[:100_000], "images")
