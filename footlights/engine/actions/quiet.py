"""Hours of the day in which nothing is set off."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from footlights.core.errors import SettingsError

_FORM = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time of the day until another, on the clock of this machine; over midnight where the end is earlier."""

    begin: int  # minutes since midnight
    end: int  # minutes since midnight; it is no longer part of them

    @classmethod
    def parse(cls, text: str) -> Self:
        """The hours that a text such as "22:00-06:00" means.

        Raises:
            SettingsError: another form, a time that no clock shows, or an end that is the beginning.
        """
        found = _FORM.fullmatch(text.strip())
        hours = [int(number) for number in found.groups()] if found else []
        if not found or max(hours[0], hours[2]) > 23 or max(hours[1], hours[3]) > 59:
            raise SettingsError(f"quiet hours are written as '22:00-06:00', not {text!r}")
        begin, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if begin == end:
            raise SettingsError(f"the quiet hours {text!r} end when they begin; leave them out, or give no actions")
        return cls(begin, end)

    def hold(self, moment: datetime) -> bool:
        """True where a local time lies in them."""
        minute = moment.hour * 60 + moment.minute
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end
