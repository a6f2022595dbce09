"""Who belongs to whom: the pairs of rows and columns with the largest sum, exactly, and quickly where it is easy.

Most rows of a tracker's matrix have one column that is any good, and it is theirs alone. Only where several compete,
the small block of those is solved by shortest augmenting paths (Jonker and Volgenant, "A Shortest Augmenting Path
Algorithm for Dense and Sparse Linear Assignment Problems", 1987).
"""

import numpy as np
from numpy.typing import NDArray

from footlights.core.scene import Floats

Indices = NDArray[np.intp]


def best_pairs(affinity: Floats, above: float) -> tuple[Indices, Indices]:
    """Rows and columns, each used at most once, of the pairs above a value (0 or more) with the largest sum of all."""
    good = affinity > above
    rows, columns = np.nonzero(good)
    lonely = (good.sum(axis=1)[rows] == 1) & (good.sum(axis=0)[columns] == 1)
    if lonely.all():
        return rows, columns
    row_parts, column_parts = [rows[lonely]], [columns[lonely]]
    for block_rows, block_columns in _blocks(rows[~lonely].tolist(), columns[~lonely].tolist()):
        block = np.ix_(block_rows, block_columns)
        chosen = _solve(np.where(good[block], affinity[block], 0.0))
        row_parts.append(np.array([block_rows[row] for row, _ in chosen], np.intp))
        column_parts.append(np.array([block_columns[column] for _, column in chosen], np.intp))
    return np.concatenate(row_parts), np.concatenate(column_parts)


def _blocks(rows: list[int], columns: list[int]) -> list[tuple[list[int], list[int]]]:
    """The rows and the columns of each connected part of a bipartite graph, given by its edges."""
    of_row: dict[int, list[int]] = {}
    of_column: dict[int, list[int]] = {}
    for row, column in zip(rows, columns, strict=True):
        of_row.setdefault(row, []).append(column)
        of_column.setdefault(column, []).append(row)
    blocks, seen = [], set[int]()
    for first in of_row:
        if first in seen:
            continue
        block_rows, block_columns, todo = [first], dict[int, None](), [first]
        seen.add(first)
        while todo:
            for column in of_row[todo.pop()]:
                if column not in block_columns:
                    block_columns[column] = None
                    fresh = [row for row in of_column[column] if row not in seen]
                    seen.update(fresh)
                    block_rows += fresh
                    todo += fresh
        blocks.append((block_rows, list(block_columns)))
    return blocks


def _solve(affinity: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The pairs with the largest sum of a small matrix of values from 0 on; pairs of 0 are left out."""
    rows, columns = affinity.shape
    if rows > columns:
        return [(row, column) for column, row in _solve(affinity.T)]
    if rows == 1:
        return [(0, int(affinity[0].argmax()))]
    owner = _augmented(-affinity.astype(np.float64)) if rows > 2 else _two(affinity)
    return [(row, column) for row, column in owner if affinity[row, column] > 0]


def _two(affinity: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Two rows: their best columns, or, where that is the same one, the better of the two ways to give way."""
    first, second = affinity.tolist()
    a, b = first.index(max(first)), second.index(max(second))
    if a != b:
        return [(0, a), (1, b)]
    other = [column for column in range(len(first)) if column != a]
    a2, b2 = max(other, key=first.__getitem__), max(other, key=second.__getitem__)
    if first[a] + second[b2] >= first[a2] + second[b]:
        return [(0, a), (1, b2)]
    return [(0, a2), (1, b)]


def _augmented(cost: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The cheapest assignment of every row of an (N, M) matrix, N <= M, by one shortest path for each row."""
    count, width = cost.shape
    above, left = np.zeros(count), np.zeros(width)  # dual prices of rows and columns
    owner = np.full(width, -1)
    for start in range(count):
        distance, previous = np.full(width, np.inf), np.full(width, -1)
        done = np.zeros(width, bool)
        row, shortest, last = start, 0.0, -1
        scanned = [start]
        while True:
            through = shortest + cost[row] - above[row] - left
            better = ~done & (through < distance)
            distance[better], previous[better] = through[better], last
            last = int(np.where(done, np.inf, distance).argmin())
            shortest = float(distance[last])
            done[last] = True
            row = int(owner[last])
            if row < 0:
                break
            scanned.append(row)
        for index in scanned[1:]:
            above[index] += shortest - distance[owner == index][0]
        above[start] += shortest
        left[done] -= shortest - distance[done]
        while last >= 0:  # back along the path, every column goes to the row before it
            before = int(previous[last])
            owner[last] = owner[before] if before >= 0 else start
            last = before
    return [(int(owner[column]), int(column)) for column in np.flatnonzero(owner >= 0)]
