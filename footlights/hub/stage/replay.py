"""What stays of a show: numbers on its timeline, the biggest moments, and nobody's name."""

import json
from dataclasses import asdict
from datetime import datetime
from glob import escape
from pathlib import Path
from typing import Any

from footlights.hub.stage.room import Room
from footlights.hub.stage.tally import BIN
from footlights.wire.show import Show

VERSION = 1
MOST = 100  # replays that are kept of a show


def replay(room: Room, show: Show) -> dict[str, Any]:
    """The show as it was. Times are seconds of show time; lists of the energy have one entry a second."""
    cues = []
    for cue in sorted(show.cues, key=lambda cue: cue.begin):
        sums = room.tally.cues.get(cue.id)
        cues.append(
            {
                "id": cue.id,
                "from": cue.begin,
                "to": cue.end,
                "expect": cue.expect,
                "text": cue.text,
                "answered": sums.answered if sums else 0,
                "present": room.tally.most_present(cue.begin, cue.end),
                "median_reaction": sums.median() if sums else None,
                "histogram": sums.histogram if sums else [],
                "sections": _by_name(show.sections, sums.sections if sums else []),
            }
        )
    return {
        "version": VERSION,
        "title": show.title,
        "bin": BIN,
        "cues": cues,
        "answers": room.tally.answers,
        "present": room.tally.presence,
        "energy": room.tally.energy(),
        "moments": [asdict(moment) for moment in room.moments()],
        "effects": [asdict(fired) for fired in room.fired],
        "refused": room.tally.refused,
        **({"names": room.names()} if show.keep else {}),
    }


def replays(show: Path) -> list[Path]:
    """The replays of a show, the oldest first."""
    return sorted(show.parent.glob(f"{escape(show.stem)}.*.replay.json"))


def write_replay(show: Path, content: dict[str, Any]) -> None:
    """Keep a replay beside the show, whole or not at all; beyond `MOST` the oldest goes."""
    path = show.with_name(f"{show.stem}.{datetime.now():%Y%m%d-%H%M%S}.replay.json")
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    fresh.replace(path)
    for old in replays(show)[:-MOST]:
        old.unlink(missing_ok=True)


def _by_name(names: tuple[str, ...], votes: list[int]) -> dict[str, int]:
    return {name: votes[place] if place < len(votes) else 0 for place, name in enumerate(names)}
