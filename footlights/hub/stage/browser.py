"""What the members' browsers recognise gestures with: the runtime of the landmark model, and the definitions as data.

The runtime comes as models do, by card: from a mirror or its registry, checked, kept in the cache. It is served from
here, so a member's browser asks nobody else; it runs in the browser, and no picture leaves that.
"""

import gzip
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from starlette.responses import JSONResponse, PlainTextResponse, Response

from footlights.core.errors import ModelMissingError, SettingsError
from footlights.core.skeleton import BODY_INDEX
from footlights.models.cache import look
from footlights.models.cards import Card, Head
from footlights.models.fetch import Report
from footlights.models.pull import pull_cards
from footlights.recognition.definitions import Definition

_CHECKED: set[str] = set()  # files of the runtime that were found undamaged
FRAMES = 24  # of a little figure
FIGURE = (
    "nose", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
    "right_wrist", "left_index", "right_index", "left_hip", "right_hip",
)  # fmt: skip


# The runtime


@cache
def runtime_cards() -> tuple[Card, ...]:
    """One card for each file of the runtime."""
    text = resources.files("footlights.hub.stage.pages").joinpath("runtime.toml").read_text("utf-8")
    table = tomllib.loads(text)
    return tuple(
        Card(
            f"browser_{name.replace('.', '_')}", f"the browser's {name}", table["source"], file["sha256"], file["size"],
            table["licence"], Head("none"), path=f"package/{name}", optional=True,
        )
        for name, file in table["files"].items()
    )  # fmt: skip


def pull_runtime(progress: Report = lambda step: None) -> list[Path]:
    """Get the runtime where this machine lacks it.

    Raises ModelMissingError (cannot be had) or ModelCorruptError (not what the card says).
    """
    return pull_cards(runtime_cards(), progress)


def ready() -> bool:
    """Whether every file of the runtime is here and undamaged. Looks until it is."""
    for card in runtime_cards():
        if card.name not in _CHECKED and look(card).state == "present":
            _CHECKED.add(card.name)
    return len(_CHECKED) == len(runtime_cards())


def runtime_folder() -> str:
    """Where the runtime is served; other files, another folder, so that a browser may keep them for ever."""
    digests = "".join(card.sha256 for card in runtime_cards())
    return f"/stage/runtime/{hashlib.sha256(digests.encode()).hexdigest()[:12]}/"


@cache
def _packed(name: str) -> bytes:
    """A file of the runtime as it travels. Raises ModelMissingError."""
    for card in runtime_cards():
        if card.file == name and (stored := look(card)).state == "present":
            return gzip.compress(stored.path.read_bytes(), 6, mtime=0)
    raise ModelMissingError(f"{name} is no file of the runtime, or is not here")


# The definitions


def in_browser(definition: Definition) -> bool:
    """Whether the landmarks of a body alone are enough to judge it; what a net must say is left to devices."""
    alone = definition.kind == "gesture" and bool(definition.when)
    return alone and not definition.asks_net and "hands" not in definition.needs


def described(definition: Definition) -> dict[str, Any]:
    """A definition as `gestures.js` reads it."""
    return {
        "name": definition.name,
        "title": definition.title,
        "help": definition.help,
        "hold": definition.hold,
        "release": definition.release,
        "cooldown": definition.cooldown,
        "sides": definition.ones,
        "when": [asdict(condition) for condition in definition.when],
    }


def gesture_list(known: Mapping[str, Definition]) -> list[dict[str, Any]]:
    """What a cue may expect; `rules` where a browser can judge it, null where that takes a device."""
    return [
        {
            "name": one.name,
            "title": one.title,
            "help": one.help,
            "experimental": one.experimental,
            "rules": described(one) if in_browser(one) else None,
        }
        for one in known.values()
        if one.kind == "gesture"
    ]


@cache
def figure(name: str) -> dict[str, Any]:
    """One performance of a gesture as a little figure: the points of every frame, 0..1, y down.

    Raises SettingsError where the library of motions does not know it.
    """
    from footlights.media.rehearsal.cast import performers, rehearsal, script
    from footlights.media.rehearsal.skeleton import landmarks

    settings = rehearsal(f"{name}?seed=4&yaw=0&mirror=no&seconds=9")
    span = next((each.span for each in script(settings) if each.span.label == name), None)
    if span is None:
        raise SettingsError(f"the motion '{name}' shows no gesture of that name")
    begin, end = max(0.0, span.begin - 0.5), span.end + 0.3
    person = performers(settings)[0]
    joints, _ = person.joints(np.linspace(begin, end, FRAMES))
    points = landmarks(joints, person.body)[:, [BODY_INDEX[joint] for joint in FIGURE], :2]
    points = points * [1, -1]  # seen from the front, with the person's left on the right of the picture
    low, high = points.min((0, 1)), points.max((0, 1))
    size = float(max(high - low))
    placed = (points - (low + high) / 2) / size + 0.5
    return {"seconds": round(end - begin, 2), "points": FIGURE, "frames": np.round(placed, 3).tolist()}


# What is served


def page_policy(policy: str, page: str) -> str:
    """The content security policy of a page: only that of the audience compiles WebAssembly, for the landmarks."""
    return policy if page == "audience.html" else policy.replace(" 'wasm-unsafe-eval'", "")


def catalogue(known: Mapping[str, Definition]) -> dict[str, Any]:
    """What a page must know of gestures, and where the runtime is; null: it is not on this machine."""
    return {"runtime": runtime_folder() if ready() else None, "gestures": gesture_list(known)}


def runtime_answer(digest: str, name: str) -> Response:
    """A file of the runtime."""
    try:
        if digest != runtime_folder().split("/")[-2]:
            raise ModelMissingError(f"there is no runtime {digest[:20]}")
        body = _packed(name)
    except ModelMissingError:
        return PlainTextResponse("there is no such file\n", 404)
    kind = {"js": "text/javascript", "wasm": "application/wasm"}.get(
        name.rpartition(".")[2], "application/octet-stream"
    )
    headers = {"content-encoding": "gzip", "cache-control": "public, max-age=31536000, immutable"}
    return Response(body, headers=headers, media_type=kind)


def figure_answer(name: str, known: Mapping[str, Definition]) -> Response:
    """How the gesture looks, where the library of motions knows it."""
    try:
        moves = figure(name) if name in known else None
    except SettingsError:
        moves = None
    if moves is None:
        return PlainTextResponse("nobody can show this gesture\n", 404)
    return JSONResponse(moves, headers={"cache-control": "max-age=86400"})
