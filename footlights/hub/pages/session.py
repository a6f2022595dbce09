"""Who sits at a browser: a token in a cookie that no script can read and no other site can use."""

from importlib import resources
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from footlights.hub.patience import WAIT, Patience, address_of
from footlights.hub.people import People, User
from footlights.media.page.asked import TooLongError, body_of
from footlights.media.page.guard import HEADERS as OF_EVERY_ANSWER
from footlights.media.page.guard import cookies, foreign, headed

SIGN_IN = "/sign-in"
LARGEST = 4096  # bytes of the form
# NiceGUI builds its pages from templates in the browser: scripts of this server may be made of text there.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' blob: data:; font-src 'self'; media-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {**OF_EVERY_ANSWER, "content-security-policy": POLICY}


class GuessedTooOftenError(Exception):
    """The address has to wait."""


class Sessions:
    """Signs people in and out, and knows who asks."""

    def __init__(self, people: People, patience: Patience, *, tls: bool) -> None:
        self._people = people
        self._patience = patience
        self._tls = tls
        self._cookie = "__Host-footlights-hub" if tls else "footlights-hub"

    def who(self, request: HTTPConnection) -> User | None:
        """The user whose cookie this request carries."""
        token = cookies(request).get(self._cookie)
        return self._people.who(token) if token is not None else None

    def inside(self, request: HTTPConnection) -> User:
        """The user who asks for a page: the door lets nobody else through."""
        user = self.who(request)
        assert user is not None
        return user

    def admit(self, request: HTTPConnection) -> User | None:
        """The same at the door, where guesses are counted. Raises GuessedTooOftenError."""
        token, address = cookies(request).get(self._cookie), address_of(request)
        if token is None:
            return None
        if self._patience.exhausted(address, token):
            raise GuessedTooOftenError
        user = self._people.who(token)
        if user is None:
            self._patience.wrong(address, token)
        else:
            self._patience.right(address, token)
        return user

    def operates(self, request: HTTPConnection) -> bool:
        """Whether an operator asks at the stage, where others have keys."""
        try:
            user = self.admit(request)
        except GuessedTooOftenError:
            return False
        return user is not None and user.may("operator")

    def add_to(self, app: FastAPI) -> None:
        """The way in and the way out."""

        @app.get(SIGN_IN, include_in_schema=False)
        def sign_in() -> Response:
            return HTMLResponse(_page())

        @app.post(SIGN_IN, include_in_schema=False)
        async def signed_in(request: Request) -> Response:
            try:
                body = await body_of(request, LARGEST)
            except TooLongError:
                return HTMLResponse(_page("That is no token."), 413)
            return self._enter(request, parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0].strip())

        @app.post("/sign-out", include_in_schema=False)
        def sign_out() -> Response:
            answer = RedirectResponse(SIGN_IN, 303)
            answer.delete_cookie(self._cookie, secure=self._tls, httponly=True, samesite="strict")
            return answer

    def _enter(self, request: Request, token: str) -> Response:
        if self._patience.exhausted(address_of(request)):
            return HTMLResponse(_page("Too many wrong tokens. Wait a minute."), 429)
        if self._people.who(token) is None:
            self._patience.wrong(address_of(request))
            return HTMLResponse(_page("The hub does not know this token."), 403)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self._cookie, token, httponly=True, samesite="strict", secure=self._tls, path="/")
        return answer


class OneSite:
    """Refuses what browsers ask for other sites, lets nobody without a session at the pages, and sets the headers."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        await (self._answer(HTTPConnection(scope)) or self._app)(scope, receive, headed(send, HEADERS))

    def _answer(self, request: HTTPConnection) -> Response | None:
        """What is answered instead of the app; None where the request may pass."""
        path = request.url.path
        if foreign(request):
            return PlainTextResponse("another site may not use the hub\n", 403)
        own_door = path.startswith(("/api/", "/static/", "/_nicegui/static/", "/_nicegui/components/"))
        if own_door or path in ("/healthz", "/readyz", "/metrics", SIGN_IN):
            return None
        try:
            if self._sessions.admit(request) is not None:
                return None
        except GuessedTooOftenError:
            return PlainTextResponse(f"{WAIT}\n", 429)
        if request.scope["type"] == "websocket" or path.startswith("/_nicegui"):
            return PlainTextResponse("sign in first\n", 403)
        return RedirectResponse(SIGN_IN, 303)


def _page(complaint: str = "") -> str:
    text = resources.files(__package__).joinpath("static/sign-in.html").read_text(encoding="utf-8")
    return text.replace("<!-- complaint -->", f'<p class="note bad" role="alert">{complaint}</p>' if complaint else "")
