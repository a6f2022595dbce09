"""The settings of the app on the page: what they are, changing them while it runs, keeping them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from footlights.core.errors import FootlightsError, SettingsError
from footlights.media.page.asked import TooLongError, asked
from footlights.media.page.control import Control, Settable
from footlights.media.page.sources import Sources, one_line
from footlights.media.page.state import PageState

MOST_BODY = 64 * 1024  # bytes of a request: many zones have many corners
MOST_ENTRIES = 256  # of a list
LONGEST = 4000  # characters of a text
_EXAMPLE = '{"values": {"interval": 4}}'
_FRESH = {"cache-control": "no-store"}
_NOTHING: dict[str, Any] = {"fields": [], "values": {}, "file": ""}


class SettingRoutes:
    """What may be asked about settings; nothing where the control has none."""

    def __init__(self, sources: Sources, state: PageState) -> None:
        self._sources = sources
        self._state = state

    def routes(self) -> list[Route]:
        """The addresses."""
        return [
            Route("/api/settings", self._tell, methods=["GET"]),
            Route("/api/settings", self._change, methods=["POST"]),
            Route("/api/settings/save", self._save, methods=["POST"]),
            Route("/api/settings.yaml", self._download, methods=["GET"]),
        ]

    async def _tell(self, request: Request) -> Response:
        return JSONResponse(await self._answer(), headers=_FRESH)

    async def _change(self, request: Request) -> Response:
        try:
            values = _values((await asked(request, MOST_BODY, _EXAMPLE)).get("values"))
            await self._sources.call(lambda control: _settable(control).change(values))
        except TooLongError as error:
            refusal = _problem(str(error), 413)
            refusal.headers["connection"] = "close"  # the rest is not read
            return refusal
        except FootlightsError as error:
            return _problem(one_line(error), 409)
        except ValueError as error:
            return _problem(str(error), 400)
        answer = await self._answer()
        self._state.settings(answer)
        return JSONResponse(answer, headers=_FRESH)

    async def _save(self, request: Request) -> Response:
        try:
            await asked(request, MOST_BODY, "{}")
            await self._sources.call(lambda control: _settable(control).save())
        except FootlightsError as error:
            return _problem(one_line(error), 409)
        except ValueError as error:
            return _problem(str(error), 400)
        return JSONResponse({}, headers=_FRESH)

    async def _download(self, request: Request) -> Response:
        try:
            text = await self._sources.call(lambda control: _settable(control).document())
        except FootlightsError as error:
            return PlainTextResponse(one_line(error) + "\n", 404)
        headers = {**_FRESH, "content-disposition": 'attachment; filename="footlights.yaml"'}
        return Response(text, headers=headers, media_type="application/yaml")

    async def _answer(self) -> dict[str, Any]:
        """Every setting with its value."""

        def ask(control: Control) -> dict[str, Any]:
            if not isinstance(control, Settable):
                return _NOTHING
            fields = [asdict(setting) for setting in control.settings()]
            return {"fields": fields, "values": control.values(), "file": control.file()}

        return _NOTHING if self._sources.fixed else await self._sources.call(ask)


def _settable(control: Control) -> Settable:
    if not isinstance(control, Settable):
        raise SettingsError("the settings are fixed: this page was started without control over them")
    return control


def _values(given: object) -> Mapping[str, object]:
    """Names and values, none of them larger than a setting may be. Raises ValueError."""
    if not isinstance(given, dict) or not given:
        raise ValueError(f"send {_EXAMPLE}")
    for name, value in given.items():
        parts = value if isinstance(value, list) else [value]
        if len(parts) > MOST_ENTRIES:
            raise ValueError(f"'{name[:40]}' may have {MOST_ENTRIES} entries, got {len(parts)}")
        for part in parts:
            if isinstance(part, list | dict):
                raise ValueError(f"'{name[:40]}' must be text, a number, yes or no, or a list of these")
            if isinstance(part, str) and (len(part) > LONGEST or not part.isprintable()):
                raise ValueError(f"'{name[:40]}' may have {LONGEST} printable characters")
    return given


def _problem(message: str, status: int) -> Response:
    return JSONResponse({"error": message}, status, headers=_FRESH)
