"""Media times that always grow, made of time stamps that may be missing, repeat, run backwards or jump."""

BREAK = 1.0  # seconds: stamps that run back by more than this begin anew, by less they are only out of order
ASTRAY = 30.0  # seconds that a live stream's stamps may be away from the clock: an HLS segment may come in one piece


class Timeline:
    """The media time of one stream.

    Without a clock (a file) the first stamp becomes 0. With a clock (a live source) the first stamp becomes the clock's
    reading, and stamps that go astray from it are tied to it anew.
    """

    def __init__(self, step: float = 1 / 25, end: float | None = None) -> None:
        self.step = min(max(step, 0.001), 1.0)  # seconds between frames where the stamps do not tell
        self.end = end  # seconds: no stamp of a file can be later, where it is known
        self.last: float | None = None  # seconds: the time last given
        self.offset: float | None = None  # seconds: time = stamp + offset

    def at(self, stamp: float | None, clock: float | None = None) -> float:
        """The media time of the next frame, in seconds; always later than the one before."""
        soonest = 0.0 if self.last is None else self.last + self.step
        expected = max(soonest, clock or 0.0)
        time = expected
        if stamp is not None:
            if self.offset is None or self._broken(stamp + self.offset, clock):
                self.offset = expected - stamp
            time = stamp + self.offset
        time = round(time, 6)  # before it is compared: two stamps may differ by less
        if self.last is not None and time <= self.last:
            time = round(soonest, 6)
        self.last = time
        return time

    def restart(self) -> None:
        """The next stamp begins a new count: a file is played again, or a connection was made anew."""
        self.offset = None

    def _broken(self, time: float, clock: float | None) -> bool:
        if clock is not None and abs(time - clock) > ASTRAY:
            return True
        if self.last is None:
            return False
        return time < self.last - BREAK or (self.end is not None and time > self.end + BREAK)
