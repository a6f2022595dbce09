"""Telling a device to do something, from a page."""

from typing import Any

from footlights.core.errors import FootlightsError
from footlights.hub.hub import Hub
from footlights.hub.people import User

PATIENCE = 8.0  # seconds for which an answer is waited for


def tell(hub: Hub, user: User, device: str, name: str, arguments: dict[str, Any]) -> str:
    """Tell a device to do something; what came of it, in words. Waits for the answer."""
    try:
        said = hub.switchboard.command(device, name, arguments, user.name)
        hub.people.note(user.name, f"command {name}", device)
        row = hub.switchboard.answer(said.id, PATIENCE)
    except FootlightsError as error:
        return str(error)
    if row["answered"] is None:
        return "no answer: is the device online?"
    took = max(0.0, row["answered"] - row["time"]) * 1000
    if int(row["code"]) >= 300:
        return f"not done ({row['code']}): {row['answer']}"
    answer = row["answer"]
    film = f": {answer['file']}, {answer.get('seconds', 0)} s" if isinstance(answer, dict) and "file" in answer else ""
    return f"done in {took:.0f} ms{film}"
