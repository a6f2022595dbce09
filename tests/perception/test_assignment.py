from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footlights.perception.assignment import best_pairs


def brute(affinity: np.ndarray, above: float) -> float:
    """The largest sum there is, by trying everything."""
    good = np.where(affinity > above, affinity, 0)
    if good.shape[0] > good.shape[1]:
        good = good.T
    rows, columns = good.shape
    return max(
        (sum(good[row, order[row]] for row in range(rows)) for order in permutations(range(columns), rows)), default=0
    )


matrices = st.integers(0, 6).flatmap(
    lambda rows: st.integers(0, 6).flatmap(
        lambda columns: st.lists(
            st.lists(st.sampled_from([0, 0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]), min_size=columns, max_size=columns),
            min_size=rows,
            max_size=rows,
        ).map(lambda values: np.array(values, np.float32).reshape(rows, columns))
    )
)


@given(matrices, st.sampled_from([0.0, 0.2]))
@settings(max_examples=150, deadline=None)
def test_no_other_pairs_have_a_larger_sum(affinity: np.ndarray, above: float) -> None:
    rows, columns = best_pairs(affinity, above)
    assert len(set(rows.tolist())) == len(rows) == len(columns) == len(set(columns.tolist()))
    assert (affinity[rows, columns] > above).all()
    assert affinity[rows, columns].sum() == pytest.approx(brute(affinity, above), abs=1e-6)


@pytest.mark.parametrize("size", [(30, 30), (12, 40), (40, 12)])
def test_a_large_matrix_can_be_undone(size: tuple[int, int]) -> None:
    """A permutation whose pairs are worth 1 among others worth at most 0.4 is found whole."""
    random = np.random.default_rng(4)
    affinity = random.uniform(0, 0.4, size)
    count = min(size)
    truth = random.permutation(max(size))[:count]
    pairs = (np.arange(count), truth) if size[0] <= size[1] else (truth, np.arange(count))
    affinity[pairs] = 1.0
    rows, columns = best_pairs(affinity, 0.0)
    assert set(zip(rows.tolist(), columns.tolist(), strict=True)) == set(zip(*(p.tolist() for p in pairs), strict=True))


def test_two_who_give_way_beat_one_who_does_not() -> None:
    rows, columns = best_pairs(np.array([[0.9, 0.8], [0.7, 0.0]]), 0.0)
    assert dict(zip(rows.tolist(), columns.tolist(), strict=True)) == {0: 1, 1: 0}
