"""Who may ask the page for what: the host's name, the token, the origin; and the headers of every answer."""

import hmac
from collections.abc import Collection, Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PAGES = ("/", "/camera")  # addresses that people open: there the token moves from the address into a cookie
_OPEN = ("/healthz",)  # needs no token and says nothing
_SAFE = ("GET", "HEAD")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; "
    "media-src 'self' blob:; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {  # of every answer
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}


def headed(send: Send, headers: Mapping[str, str]) -> Send:
    """`send`, so that every answer has these headers; those that it has already stay as they are."""

    async def with_headers(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            given = MutableHeaders(scope=message)
            for name, value in headers.items():
                given.setdefault(name, value)
        await send(message)

    return with_headers


class Guard:
    """Lets only those requests through that belong to this page.

    Without a token only names of this machine are accepted as the host, so that a foreign name made to point here
    (DNS rebinding) gets nothing. With a token, the token decides, in the address once and then in a cookie, or in the
    header `Authorization: Bearer`. A browser that acts for another site is refused: its Origin differs from the host,
    or it says "cross-site" itself.
    """

    def __init__(self, app: ASGIApp, token: str | None, cookie: str, pages: Collection[str] = _PAGES) -> None:
        self._app = app
        self._pages = pages
        self._token = token
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        answer = self._answer(HTTPConnection(scope), scope)
        await (answer or self._app)(scope, receive, headed(send, HEADERS))

    def _answer(self, request: HTTPConnection, scope: Scope) -> Response | None:
        """What is answered instead of the app; None where the request may pass."""
        host = request.headers.get("host", "")
        name = _host_name(host)
        if self._token is None and name not in _LOOPBACK:
            return _refused(f"this page is not called {name[:80]!r}; open it as 127.0.0.1 or localhost")
        if foreign(request):
            return _refused("another site may not use this page")
        method = scope.get("method", "GET")
        return self._without_token(request, method)

    def _without_token(self, request: HTTPConnection, method: str) -> Response | None:
        path = request.url.path
        given = request.query_params.get("token")
        if given is not None and self._knows(given) and path in self._pages and method in _SAFE:
            return self._welcome(request)
        if self._token is None or path in _OPEN or path.startswith("/static/"):
            return None
        if self._knows(given) or self._knows(cookies(request).get(self._cookie)) or self._knows(_bearer(request)):
            return None
        return _refused("this page needs its token: open the whole address that footlights printed when it started")

    def _welcome(self, request: HTTPConnection) -> Response:
        rest = [(key, value) for key, value in parse_qsl(request.url.query) if key != "token"]
        response = RedirectResponse(request.url.path + ("?" + urlencode(rest) if rest else ""), 303)
        # Lax: a link in a message opens the page; nothing that another site sends carries the cookie.
        response.set_cookie(
            self._cookie, self._token or "", httponly=True, samesite="lax", secure=request.url.scheme == "https"
        )
        return response

    def _knows(self, given: str | None) -> bool:
        return self._token is not None and given is not None and hmac.compare_digest(_bytes(given), _bytes(self._token))


def foreign(request: HTTPConnection) -> bool:
    """Whether a browser asks for another site: its Origin is not this host, or it says so itself."""
    acts = request.scope["type"] == "websocket" or request.scope.get("method", "GET") not in _SAFE
    origin = request.headers.get("origin")
    if acts and origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        return True
    site = request.headers.get("sec-fetch-site", "none")
    return site in ("cross-site", "same-site") and request.headers.get("sec-fetch-mode") != "navigate"


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def cookies(request: HTTPConnection) -> dict[str, str]:
    """The cookies of a request; none where the header is not well formed."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(request.headers.get("cookie", "")).items()}
    except CookieError:
        return {}


def _bearer(request: HTTPConnection) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def _refused(why: str) -> Response:
    return PlainTextResponse(why + "\n", 403)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
