"""Which effects an answer sets off: each once in a window, when its threshold is crossed, and not while it rests."""

import math
from collections.abc import Iterator

from footlights.wire.show import Effect, ShowCue


class Effects:
    """Remembers what was set off."""

    def __init__(self) -> None:
        self._fired: set[tuple[str, int]] = set()  # (cue, place of the effect) in the window that is or was open
        self._rest: dict[str, float] = {}  # server time until which effects of a name rest

    def crossed(self, cue: ShowCue, answered: int, present: int, t: float) -> Iterator[Effect]:
        """The effects of this cue that so many answers set off now."""
        for place, effect in enumerate(cue.effects):
            key, name = (cue.id, place), effect.name or f"{cue.id}:{place}"
            if key in self._fired or not effect.threshold.crossed(answered, present):
                continue
            if t >= self._rest.get(name, -math.inf):
                self._fired.add(key)
                self._rest[name] = t + effect.cooldown
                yield effect

    def forget(self, cues: set[str]) -> None:
        """These cues come again."""
        self._fired = {key for key in self._fired if key[0] not in cues}
