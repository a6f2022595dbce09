"""What somebody probably meant."""

import difflib
from collections.abc import Iterable

MOST = 40  # names that are listed


def near_miss(name: str, valid: Iterable[str]) -> str:
    """The second half of an error line: the nearest valid name where there is one, and all of them.

    >>> near_miss("cooldwon", ["cooldown", "hold"])
    "did you mean 'cooldown'? Valid: cooldown, hold"
    """
    names = sorted(valid)
    if not names:
        return "nothing can be given here"
    by_letters = {known.lower().replace("-", "_"): known for known in names}
    found = difflib.get_close_matches(name.lower().replace("-", "_"), by_letters, 1)
    meant = f"did you mean '{by_letters[found[0]]}'? " if found else ""
    listed = ", ".join(names) if len(names) <= MOST else f"{', '.join(names[:MOST])} and {len(names) - MOST} more"
    return f"{meant}Valid: {listed}"
