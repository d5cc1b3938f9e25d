"""A process of the app, and the page that is its terminal."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress

from aiohttp import web
from aiohttp.http import WSCloseCode
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from backprop_tui.surroundings import bounded
from backprop_tui.web import DRIVER

__all__ = ["PageSession"]

_GREETING = b"__GANGLION__\n"
"""What the app's driver writes first; anything else was printed by a program that could not open its app."""
ENDING_SECONDS = 3.0
"""Seconds that an app gets to end when it is asked to; then it is killed."""
_MOST_COMPLAINT = 20_000
"""Bytes of standard error that are kept for the page."""


class PageSession(AppService):
    """One process for one page. It ends with the page, and the page is told when it ends."""

    def __init__(self, command: Sequence[str], websocket: web.WebSocketResponse) -> None:
        super().__init__(
            shlex.join(command),
            write_bytes=self._show,
            write_str=websocket.send_str,
            close=self._close,
            download_manager=DownloadManager(),
        )
        self._arguments = tuple(command)
        self._websocket = websocket

    @property
    def pid(self) -> int:
        """The number of the process, once it has been started."""
        assert self._process is not None
        return self._process.pid

    # From the page

    async def take(self, message: str) -> None:
        """A message from the page; one that means nothing is ignored."""
        try:
            content = json.loads(message)
        except (ValueError, RecursionError):
            return
        match content:
            case ["stdin", str(keys)]:
                await self.send_bytes(keys.encode("utf-8", "replace"))
            case ["resize", {"width": int(width), "height": int(height)}]:
                await self.set_terminal_size(*bounded(width, height))
            case ["focus"]:
                await self.focus()
            case ["blur"]:
                await self.blur()
            case ["ping", str(stamp)]:
                await self._tell("pong", stamp)

    # The process

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        width, height = bounded(width, height)
        return {**super()._build_environment(width, height), "TEXTUAL_DRIVER": DRIVER}

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        """Start the app. No shell reads its arguments, and no Ctrl+C typed at the server reaches it."""
        self._process = process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width, height),
            start_new_session=True,
        )
        self._stdin = process.stdin
        return process

    async def run(self) -> None:
        """Show what the app writes until it ends, and tell the page how it ended."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        assert process.stderr is not None
        complaints = asyncio.create_task(_repeated(process.stderr))
        opened = False
        with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await process.stdout.readuntil(_GREETING)
            opened = True
            while True:
                kind = await process.stdout.readexactly(1)
                size = int.from_bytes(await process.stdout.readexactly(4), "big")
                payload = await process.stdout.readexactly(size)
                if kind == b"D":
                    await self._show(payload)
        complaint = await complaints
        status = await process.wait()
        if not opened:
            await self._tell("refused", complaint.decode("utf-8", "replace"))
        await self._close(WSCloseCode.OK if opened and status == 0 else WSCloseCode.INTERNAL_ERROR)

    async def stop(self) -> None:
        """End the process if it has not ended, and wait until it has."""
        process, task = self._process, self._task
        if process is None or task is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDING_SECONDS):
                await self.send_meta({"type": "quit"})
                await asyncio.wait({task})
        if not task.done():
            with suppress(ProcessLookupError):
                process.kill()
            await asyncio.wait({task})

    # To the page

    async def _show(self, data: bytes) -> None:
        """Write to the page's terminal; once the page is gone, output is still read, and dropped."""
        if not self._websocket.closed:
            with suppress(ConnectionError):
                await self._websocket.send_bytes(data)

    async def _tell(self, kind: str, text: str) -> None:
        """A message to the page itself."""
        if not self._websocket.closed:
            with suppress(ConnectionError):
                await self._websocket.send_json([kind, text])

    async def _close(self, code: int = WSCloseCode.OK) -> None:
        with suppress(ConnectionError):
            await self._websocket.close(code=code)


async def _repeated(errors: asyncio.StreamReader) -> bytes:
    """Repeat on our standard error what a process writes to its own; returns the beginning of it."""
    kept = b""
    while data := await errors.read(4096):
        kept = (kept + data)[:_MOST_COMPLAINT]
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(data.decode("utf-8", "replace"))
            sys.stderr.flush()
    return kept
