"""Where a show is: it waits, plays, pauses or has ended. Times are seconds of the server's clock and of the show."""

from footlights.core.errors import SettingsError
from footlights.wire.stage import Control, Playing


class Timeline:
    """The show's own clock, which runs with the server's while it plays."""

    def __init__(self, end: float | None = None) -> None:
        self.end = end  # show time; None: it plays on until somebody ends it
        self.playing = Playing("waiting", 0.0, 0.0)

    def at(self, t: float) -> float:
        """Show time at server time `t`."""
        running = self.playing.state == "playing"
        at = self.playing.at + (max(0.0, t - self.playing.t) if running else 0.0)
        return at if self.end is None else min(at, self.end)

    def over(self, t: float) -> bool:
        """Whether it plays and has come to its end."""
        return self.playing.state == "playing" and self.end is not None and self.at(t) >= self.end

    def control(self, wanted: Control, t: float) -> Playing:
        """Do what the artist wants. Raises SettingsError, with words, where that is not possible now."""
        state, at = self.playing.state, self.at(t)
        if state == "ended":
            if wanted.do != "start":
                raise SettingsError("the show has ended; it can be started anew")
            at = 0.0
        if wanted.do == "end":
            self.playing = Playing("ended", at, t)
        elif wanted.do == "pause":
            if state != "playing":
                raise SettingsError("the show does not play")
            self.playing = Playing("paused", at, t)
        else:
            to = wanted.at
            if wanted.do == "seek" and to is None:
                raise SettingsError("seek where to? It needs a time")
            to = at if to is None else to
            if to < 0 or (self.end is not None and to >= self.end):
                raise SettingsError("this time is not within the show")
            self.playing = Playing("playing" if wanted.do == "start" else state, to, t)
        return self.playing
