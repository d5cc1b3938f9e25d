"""The server: our page, the files it needs, and a socket for each terminal. Only our own page may ask.

The address contains a token, which only the person who started the server has seen. The first request trades
it for a cookie, so that it stays neither in the address bar nor in the history.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
import secrets
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from socket import socket
from typing import Final

import textual_serve
from aiohttp import WSMsgType, web
from aiohttp.http import HttpProcessingError, WSCloseCode
from aiohttp.typedefs import Handler

from backprop_tui.web.page import FOLDER, Page
from backprop_tui.web.session import PageSession

__all__ = ["Server", "serve"]

_OURSELVES: Final = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_MOST_MESSAGE: Final = 2**20
"""The most bytes in a message from the page: as much as may be pasted at once."""
_MOST_STRANGERS: Final = 64
"""Connections without the token. Beyond them the oldest is closed, so that nobody can use them all up."""
_AT_A_TIME: Final = 16
"""Connections accepted at a time: few enough that the oldest one without the token is never among them."""
_WAITING: Final = 128
"""Connections that may wait to be accepted. Beyond them, clients try again only after a second."""
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Nothing is loaded from elsewhere, and the page cannot be framed. The terminal makes its own style
sheets.
"""


class Server:
    """Serves the app that `command` starts, to at most `most` open pages at a time."""

    def __init__(self, command: Sequence[str], page: Callable[[], Page], *, most: int) -> None:
        self.token = secrets.token_urlsafe(24)
        """Whoever knows it may open pages."""
        self.cookie = f"backprop-tui-{hashlib.sha256(self.token.encode()).hexdigest()[:8]}"
        """The name of the cookie that holds it: browsers share cookies between the ports of a machine."""
        self.sessions: list[PageSession] = []
        """The sessions whose process has not ended."""
        self._command, self._page, self._most = tuple(command), page, most
        self._open: list[web.WebSocketResponse] = []
        self._strangers: dict[web.RequestHandler, None] = {}
        """The connections over which nobody has shown the token, in their order."""

    def application(self) -> web.Application:
        """The application that answers requests."""
        application = web.Application(middlewares=[_guard, self._admit])
        application.router.add_get("/", self._show_page)
        application.router.add_get("/ws", self._talk)
        application.router.add_static("/static", Path(textual_serve.__file__).parent / "static")
        application.router.add_static("/page", FOLDER)
        application.on_response_prepare.append(_add_headers)
        application.on_shutdown.append(self._close_pages)
        application.on_cleanup.append(self._end_sessions)
        return application

    def connected(self, connection: web.RequestHandler) -> None:
        """Keep track of a new connection, over which nothing has been asked yet."""
        self._strangers[connection] = None
        if len(self._strangers) > _MOST_STRANGERS:
            oldest = next(iter(self._strangers))
            del self._strangers[oldest]
            oldest.force_close()

    @web.middleware
    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer only those who have the token."""
        given = request.query.get("token", request.cookies.get(self.cookie, ""))
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode()):
            raise web.HTTPForbidden(
                text="Open the address that the server has printed: it has a token in it.\n"
            )
        self._strangers.pop(request.protocol, None)
        return await handler(request)

    async def _show_page(self, request: web.Request) -> web.StreamResponse:
        if "token" in request.query:
            answer = web.Response(status=303, headers={"Location": "/"})
            answer.set_cookie(self.cookie, self.token, httponly=True, samesite="Strict", path="/")
            return answer
        return web.Response(text=self._page().html(), content_type="text/html", charset="utf-8")

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        """Pass messages between a page and its process, as long as both exist."""
        websocket = web.WebSocketResponse(heartbeat=30, timeout=1, max_msg_size=_MOST_MESSAGE)
        await websocket.prepare(request)
        if len(self._open) >= self._most:
            await websocket.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return websocket
        session = PageSession(self._command, websocket)
        self._open.append(websocket)
        self.sessions.append(session)
        try:
            await session.start(_cells(request, "width", 80), _cells(request, "height", 24))
            async for message in websocket:
                if message.type == WSMsgType.TEXT:
                    await session.take(message.data)
        except OSError:
            await websocket.close(code=WSCloseCode.INTERNAL_ERROR)
        finally:
            self._open.remove(websocket)
            await asyncio.shield(self._end(session))
        return websocket

    async def _end(self, session: PageSession) -> None:
        await session.stop()
        self.sessions.remove(session)

    async def _close_pages(self, _: web.Application) -> None:
        closing = [page.close(code=WSCloseCode.GOING_AWAY) for page in self._open]
        await asyncio.gather(*closing, return_exceptions=True)

    async def _end_sessions(self, _: web.Application) -> None:
        await asyncio.gather(*(session.stop() for session in self.sessions))


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer only requests from our own page, made under a name of this machine.

    A page from elsewhere may send requests here, and may even have its host name resolve to this machine; it
    cannot hide its origin, nor the name that it asked for. Browsers tell the origin of every socket.
    """
    host = request.headers.get("Host", "")
    origin = request.headers.get("Origin", "" if request.path == "/ws" else f"http://{host}")
    if _OURSELVES.fullmatch(host) is None or origin.lower() != f"http://{host}".lower():
        raise web.HTTPForbidden(text="This is for pages of this machine's own.\n")
    return await handler(request)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    host = request.headers.get("Host", "")
    for name, value in _HEADERS.items():
        response.headers[name] = value.format(host=host if _OURSELVES.fullmatch(host) else "localhost")


def _cells(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, "")
    return int(text) if re.fullmatch("[0-9]{1,4}", text) else default


async def serve(server: Server, listener: socket, ready: Callable[[], None]) -> int:
    """Answer until a signal ends it, and end every session; returns the signal's number."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def end(number: int) -> None:
        if not ended.done():
            ended.set_result(number)

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"):
        number = getattr(signal, name, None)
        if number is None or (name == "SIGHUP" and signal.getsignal(number) == signal.SIG_IGN):
            continue  # no such signal here; or it is to live on when its terminal is closed, as under nohup
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, end, number)
    logging.getLogger("aiohttp.server").addFilter(_is_no_nonsense)
    runner = web.AppRunner(server.application(), access_log=None, handle_signals=False, shutdown_timeout=1)
    await runner.setup()

    def connection() -> web.RequestHandler:
        assert runner.server is not None
        made = runner.server()
        server.connected(made)
        return made

    listening = await loop.create_server(connection, sock=listener, backlog=_AT_A_TIME)
    listener.listen(
        _WAITING
    )  # asyncio has one number for those that wait and those that it accepts at a time
    try:
        ready()
        return await ended
    finally:
        listening.close()
        await runner.cleanup()


def _is_no_nonsense(record: logging.LogRecord) -> bool:
    """Whether something is said for another reason than a request that is none: that is just refused."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))
