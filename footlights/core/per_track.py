"""State for each tracked thing, forgotten when the thing is gone."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class PerTrack(Generic[T]):
    """A dictionary by track id that cannot leak.

    >>> counters = PerTrack(list)
    >>> counters[3].append("seen")
    >>> counters.keep([4])
    >>> len(counters)
    0
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._states: dict[int, T] = {}

    def __getitem__(self, track: int) -> T:
        if track not in self._states:
            self._states[track] = self._make()
        return self._states[track]

    def __len__(self) -> int:
        return len(self._states)

    def __iter__(self) -> Iterator[tuple[int, T]]:
        return iter(sorted(self._states.items()))

    def keep(self, tracks: Iterable[int]) -> list[tuple[int, T]]:
        """Forget every state whose track is not among those given; what was forgotten, by id."""
        alive = set(tracks)
        gone = [(track, self._states.pop(track)) for track in sorted(self._states) if track not in alive]
        return gone
