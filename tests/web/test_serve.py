"""What the server answers, to whom, and what becomes of the processes that it starts."""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, CookieJar, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from pyte import ByteStream, Screen

from backprop_tui.cli import open as opening
from backprop_tui.cli import serve as serving_command
from backprop_tui.cli.main import run
from backprop_tui.themes import DARK, LIGHT, known_theme
from backprop_tui.web import session as session_module
from backprop_tui.web.page import Page
from backprop_tui.web.server import Server, serve
from effort import tried
from served import PATIENCE, children, is_there, serving, wait_until_gone

GREETING = "import sys, os; sys.stdout.write('__GANGLION__\\n'); sys.stdout.flush();"
SHOW = "show = lambda text: os.write(1, b'D' + len(text).to_bytes(4, 'big') + text);"
POLITE = f"{GREETING}{SHOW} show(b'hello'); sys.stdin.buffer.read(6)"
"""Says hello, and ends with the first message."""
STUBBORN = f"{GREETING}{SHOW} show(b'hello'); import time; time.sleep(600)"
FAILING = "import sys; print('case.yaml: no such\\nfile', file=sys.stderr); sys.exit(2)"
CRASHING = f"{GREETING}{SHOW} show(b'hello'); print('oh dear', file=sys.stderr); sys.exit(1)"
PAGE = Page("title", "en", DARK.name, 2)


def app(program: str) -> list[str]:
    """The command of a small program that stands for the app."""
    return [sys.executable, "-I", "-S", "-c", program]


@asynccontextmanager
async def client_of(server: Server) -> AsyncIterator[TestClient]:
    """Someone who asks the server."""
    cookies = {server.cookie: server.token}
    async with TestClient(TestServer(server.application(), host="127.0.0.1"), cookies=cookies) as client:
        yield client


@asynccontextmanager
async def page_of(client: TestClient) -> AsyncIterator[ClientWebSocketResponse]:
    """A socket as our page opens it."""
    async with client.ws_connect("/ws?width=80&height=24", origin=str(client.make_url("/"))[:-1]) as page:
        yield page


async def shown(page: ClientWebSocketResponse) -> bytes:
    """What the page gets to show next."""
    message = await page.receive(PATIENCE)
    assert message.type == WSMsgType.BINARY, message
    return bytes(message.data)


async def closed(page: ClientWebSocketResponse) -> int:
    """Why the page was closed."""
    async with asyncio.timeout(PATIENCE):
        async for _ in page:
            pass
    assert page.close_code is not None
    return page.close_code


# Who may ask

FOREIGN_ORIGINS = [
    None,
    "",
    "null",
    "http://evil.example",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://localhost:{port}",
    "http://127.0.0.1:{port}.evil.example",
    "http://127.0.0.1:{port}@evil.example",
    "http://127.0.0.1:{port}/",
    "file://",
]
FOREIGN_HOSTS = [
    "",
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1.evil.example",
    "127.0.0.1:x",
    "[::2]",
    "0",
]


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
async def test_a_socket_from_a_foreign_page_is_refused(origin: str | None) -> None:
    server = Server(app(POLITE), lambda: PAGE, most=2)
    async with client_of(server) as client:
        headers = {} if origin is None else {"Origin": origin.format(port=client.port)}
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect("/ws", headers=headers)
        assert refused.value.status == 403
        assert server.sessions == []


@pytest.mark.parametrize("path", ["/", "/ws", "/static/css/xterm.css", "/page/page.js", "/nowhere"])
async def test_whoever_has_no_token_gets_nothing(path: str) -> None:
    """Another account of this machine can reach the port, and knows neither the token nor the cookie."""
    server = Server(app(POLITE), lambda: PAGE, most=2)
    other = Server(app(POLITE), lambda: PAGE, most=2)
    assert server.token != other.token
    assert len(server.token) >= 32
    async with TestClient(TestServer(server.application(), host="127.0.0.1")) as client:
        origin = {"Origin": str(client.make_url("/"))[:-1]}
        wrong = (server.token[:-1], f"{server.token}x", other.token, "", "\udcff", server.token.swapcase())
        for cookies, query in (
            ({}, {}),
            *(({server.cookie: token}, {}) for token in wrong if token.isascii()),
            *(({}, {"token": token}) for token in wrong if token.isprintable()),
            ({other.cookie: server.token}, {}),
        ):
            answer = await client.get(path, params=query, cookies=cookies, headers=origin)
            assert answer.status == 403
            assert server.token not in await answer.text()
        assert server.sessions == []


async def test_the_token_is_traded_for_a_cookie() -> None:
    server = Server(app(POLITE), lambda: PAGE, most=2)
    async with TestClient(TestServer(server.application(), host="127.0.0.1")) as client:
        answer = await client.get("/", params={"token": server.token}, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith(f"{server.cookie}={server.token};")
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        headers = {"Cookie": cookie.partition(";")[0]}
        page = await client.get("/", headers=headers)
        assert page.status == 200
        assert server.token not in await page.text()


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
@pytest.mark.parametrize("path", ["/", "/ws", "/static/css/xterm.css", "/nowhere"])
async def test_a_foreign_name_for_this_machine_is_refused(host: str, path: str) -> None:
    async with client_of(Server(app(POLITE), lambda: PAGE, most=2)) as client:
        host = host.format(port=client.port)
        answer = await client.get(path, headers={"Host": host, "Origin": f"http://{host}"})
        assert answer.status == 403
        assert "<html" not in await answer.text()


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}", "LocalHost:9000", "localhost"]
)
async def test_the_page_may_be_asked_for_by_any_name_of_this_machine(host: str) -> None:
    """Also through a port that is passed on from another machine."""
    async with client_of(Server(app(POLITE), lambda: PAGE, most=2)) as client:
        host = host.format(port=client.port)
        answer = await client.get("/", headers={"Host": host})
        assert answer.status == 200
        assert f"ws://{host};" in answer.headers["Content-Security-Policy"]
        page = await client.ws_connect("/ws", headers={"Host": host, "Origin": f"http://{host.lower()}"})
        assert await shown(page) == b"hello"
        await page.close()


async def test_a_foreign_page_gets_no_file_either() -> None:
    async with client_of(Server(app(POLITE), lambda: PAGE, most=2)) as client:
        assert (await client.get("/", headers={"Origin": "http://evil.example"})).status == 403


# The page


async def test_nothing_that_the_page_loads_comes_from_elsewhere() -> None:
    async with client_of(Server(app(POLITE), lambda: PAGE, most=2)) as client:
        text = await (await client.get("/")).text()
        links = re.findall(r"""(?:src|href)=["']([^"']*)""", text)
        assert links == ["data:,", "/static/css/xterm.css", "/page/page.css", "/page/page.js"]
        for path in ["/static/js/textual.js", *links[1:]]:
            answer = await client.get(path)
            assert answer.status == 200
            if path.startswith("/page"):
                text += await answer.text()
        ours = re.findall(r"""["'(](/[\w./-]+)["')]""", text)
        assert {"/static/js/textual.js", "/static/fonts/RobotoMono-VariableFont_wght.ttf"} <= set(ours)
        for path in set(ours):
            assert (await client.get(path)).status == 200 or path == "/ws", path
        assert (
            re.findall(r"https?://|\burl\((?![\"']?/)|@import|(?<![:\w])//\w", re.sub(r"// .*", "", text))
            == []
        )


async def test_every_answer_keeps_the_browser_here() -> None:
    async with client_of(Server(app(POLITE), lambda: PAGE, most=2)) as client:
        for path in ("/", "/page/page.js", "/static/css/xterm.css", "/nowhere"):
            headers = (await client.get(path)).headers
            policy = headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; ")
            assert "frame-ancestors 'none'" in policy
            assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
            assert headers["Referrer-Policy"] == "no-referrer"
            assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/page/",
        "/static/../server.py",
        "/page/%2e%2e/server.py",
        "/page/..%2fpage.html",
        "/download/x",
    ],
)
async def test_only_files_of_the_page_are_given_away(path: str) -> None:
    async with client_of(Server(app(POLITE), lambda: PAGE, most=2)) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        status = (await reader.read()).split()[1]
        writer.close()
        assert status in (b"403", b"404")


def test_a_title_is_never_taken_for_markup() -> None:
    html = Page("<script>alert(1)</script> {{ 1 }} & \"'", "en", DARK.name, 8).html()
    assert "<title>&lt;script&gt;alert(1)&lt;/script&gt; {{ 1 }} &amp; " in html
    assert html.count("<script") == 1


def test_the_page_speaks_the_language_and_wears_the_theme() -> None:
    english, korean = (Page("title", language, LIGHT.name, 3).html() for language in ("en", "ko"))
    assert '<html lang="en"' in english
    assert "The maximum number of pages (3) is open." in english
    assert re.search("[가-힣]", english) is None
    assert '<html lang="ko"' in korean
    assert "페이지(3개)가 모두 열려 있습니다" in korean
    assert "--background: #FFFFFF;" in korean


def test_every_theme_has_a_page() -> None:
    with pytest.raises(Exception, match="available") as told:
        known_theme("?")
    names = str(told.value).partition("available: ")[2].split(", ")
    assert len(names) > 10
    for name in names:
        colours = re.findall(r"--\w+: (#[0-9A-F]{6});", Page("", "en", name, 1).html())
        assert len(colours) == 4, name


# The processes


async def test_no_more_pages_than_may_be_are_open_at_a_time() -> None:
    server = Server(app(POLITE), lambda: PAGE, most=2)
    async with client_of(server) as client, AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(page_of(client)) for _ in range(2)]
        for page in pages:
            assert await shown(page) == b"hello"
        async with page_of(client) as third:
            assert await closed(third) == 1013
        assert len(server.sessions) == 2
        await pages[0].close()
        async with page_of(client) as again:
            assert await shown(again) == b"hello"


async def test_a_page_hears_that_its_app_has_ended() -> None:
    server = Server(app(POLITE), lambda: PAGE, most=2)
    async with client_of(server) as client, page_of(client) as page:
        assert await shown(page) == b"hello"
        await page.send_json(["stdin", "q"])
        assert await closed(page) == 1000


async def test_a_page_hears_why_its_app_could_not_begin(capsys: pytest.CaptureFixture[str]) -> None:
    async with client_of(Server(app(FAILING), lambda: PAGE, most=2)) as client, page_of(client) as page:
        assert await page.receive_json(timeout=PATIENCE) == ["refused", "case.yaml: no such\nfile\n"]
        assert await closed(page) == 1011
    assert capsys.readouterr() == ("", "case.yaml: no such\nfile\n")


async def test_what_an_app_says_later_is_for_the_servers_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    async with client_of(Server(app(CRASHING), lambda: PAGE, most=2)) as client, page_of(client) as page:
        assert await shown(page) == b"hello"
        assert await closed(page) == 1011
    assert capsys.readouterr() == ("", "oh dear\n")


async def test_a_program_that_is_not_there_harms_no_server() -> None:
    server = Server(["/no/such/program"], lambda: PAGE, most=2)
    async with client_of(server) as client, page_of(client) as page:
        assert await closed(page) == 1011
        assert (await client.get("/")).status == 200


@pytest.mark.parametrize("program", [POLITE, STUBBORN])
async def test_an_app_ends_with_its_page(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "ENDING_SECONDS", 0.1)
    server = Server(app(program), lambda: PAGE, most=2)
    async with client_of(server) as client:
        async with page_of(client) as page:
            assert await shown(page) == b"hello"
            session = server.sessions[0]
            assert is_there(session.pid)
        async with asyncio.timeout(PATIENCE):
            while server.sessions:
                await asyncio.sleep(0.01)
        assert not is_there(session.pid)


@pytest.mark.parametrize("program", [POLITE, STUBBORN])
async def test_apps_end_with_the_server(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "ENDING_SECONDS", 0.1)
    server = Server(app(program), lambda: PAGE, most=2)
    async with client_of(server) as client, page_of(client) as page:
        assert await shown(page) == b"hello"
        pid = server.sessions[0].pid
        closing = asyncio.create_task(client.server.close())
        assert await closed(page) == 1001
        await closing
        assert not is_there(pid)


NONSENSE = [
    "",
    "{",
    "[]",
    "null",
    '["stdin"]',
    '["stdin", 3]',
    '["resize", {"width": "x"}]',
    '["resize", {}]',
    "[" * 100_000,
]


async def test_messages_that_mean_nothing_are_left_alone() -> None:
    echo = f"{GREETING}{SHOW} show(b'hello'); show(sys.stdin.buffer.read(8))"
    async with client_of(Server(app(echo), lambda: PAGE, most=2)) as client, page_of(client) as page:
        assert await shown(page) == b"hello"
        for message in NONSENSE:
            await page.send_str(message)
        await page.send_bytes(b"\xff")
        await page.send_str('["stdin", "\\ud800 q"]')
        assert await shown(page) == b"D\0\0\0\3? q"


async def test_what_a_page_tells_reaches_its_app() -> None:
    """As the driver expects it: the kind of a message, its length, and what it says."""
    packets = "head = sys.stdin.buffer.read(5); show(sys.stdin.buffer.read(int.from_bytes(head[1:], 'big')))"
    echo = f"{GREETING}{SHOW} show(b'hello')\nfor _ in range(3): {packets}"
    async with client_of(Server(app(echo), lambda: PAGE, most=2)) as client, page_of(client) as page:
        assert await shown(page) == b"hello"
        for message, arrived in [
            (["resize", {"width": 100, "height": 9999}], {"type": "resize", "width": 100, "height": 500}),
            (["focus"], {"type": "focus"}),
            (["blur"], {"type": "blur"}),
        ]:
            await page.send_json(message)
            assert json.loads(await shown(page)) == arrived


async def test_a_page_may_ask_whether_the_server_is_there() -> None:
    async with client_of(Server(app(POLITE), lambda: PAGE, most=2)) as client, page_of(client) as page:
        assert await shown(page) == b"hello"
        await page.send_json(["ping", "17"])
        assert await page.receive_json(timeout=PATIENCE) == ["pong", "17"]


async def test_what_an_app_tells_beside_its_screen_is_not_shown() -> None:
    beside = "os.write(1, b'M' + (2).to_bytes(4, 'big') + b'{}');"
    program = f"{GREETING}{SHOW} {beside} show(b'hello'); sys.stdin.buffer.read(1)"
    async with client_of(Server(app(program), lambda: PAGE, most=2)) as client, page_of(client) as page:
        assert await shown(page) == b"hello"


@pytest.mark.parametrize(
    "program",
    [
        f"{GREETING}{SHOW}\nwhile True: show(b'hello')",
        "import sys; sys.stdin.buffer.read(5); sys.exit('too late')",
    ],
    ids=["goes on writing", "cannot begin"],
)
async def test_an_app_whose_page_is_gone_tells_nobody(
    program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(session_module, "ENDING_SECONDS", 0.3)
    server, before = Server(app(program), lambda: PAGE, most=2), children(os.getpid())
    async with client_of(server) as client:
        async with page_of(client):
            pass
        async with asyncio.timeout(PATIENCE):
            while server.sessions:
                await asyncio.sleep(0.01)
    assert children(os.getpid()) == before
    assert "Traceback" not in capsys.readouterr().err


async def test_sizes_of_pages_have_bounds() -> None:
    size = "(os.environ['COLUMNS'] + 'x' + os.environ['ROWS']).encode()"
    told = f"{GREETING}{SHOW} show({size}); sys.stdin.buffer.read(1)"
    async with client_of(Server(app(told), lambda: PAGE, most=2)) as client:
        origin = str(client.make_url("/"))[:-1]
        for query, size in [
            ("width=9999&height=9999", b"1000x500"),
            ("width=0&height=x", b"1x24"),
            ("", b"80x24"),
        ]:
            async with client.ws_connect(f"/ws?{query}", origin=origin) as page:
                assert await shown(page) == size


# The command


TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1)


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    serving_command.add_arguments(parser)
    return parser.parse_args(arguments)


@given(TEXTS, st.lists(TEXTS, max_size=3), st.sampled_from([None, 0, 17, -1]), st.booleans())
def test_the_app_gets_the_arguments_as_they_are(
    scenario: str, settings: list[str], at: int | None, ascii_only: bool
) -> None:
    """Whatever is in them: spaces, quotes, `$(...)`, or a dash in front."""
    options = [f"--set={one}" for one in settings] + (["--ascii"] if ascii_only else [])
    options += ["--stage", "--lang=ko", "--theme=backprop-light", "--max-memory=2GiB", "--threads=2"]
    options += [] if at is None else [f"--at={at}"]
    served = parsed(*options, "--", scenario)
    command = serving_command.app_command(served)
    assert command[:4] == [sys.executable, "-P", "-m", "backprop_tui"]
    parser = argparse.ArgumentParser()
    opening.add_arguments(parser)
    opened = vars(parser.parse_args(command[4:]))
    assert opened == {name: value for name, value in vars(served).items() if name in opened}


def test_without_arguments_the_app_gets_what_they_would_be() -> None:
    parser = argparse.ArgumentParser()
    opening.add_arguments(parser)
    assert parser.parse_args(serving_command.app_command(parsed())[4:]) == parser.parse_args([])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-"], "standard input can be read by"),
        (["no_such_scenario"], "error[file-not-found]"),
        (["add_multiply", "--at", "99"], "there is no position 99"),
        (["add_multiply", "--set", "x"], "x"),
        (["add_multiply", "--theme", "pink"], "there is no theme pink"),
        (["--port", "65536"], "65536"),
        (["--port", "-1"], "-1"),
        (["--port", "http"], "http"),
        (["--sessions", "0"], "0"),
    ],
)
def test_what_cannot_be_served(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(["serve", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, "Traceback" in err) == ("", False)
    assert said in err


def ended(arguments: list[str]) -> int:
    try:
        return run(arguments)
    except SystemExit as end:
        return int(str(end.code))


def test_a_port_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert ended(["serve", "add_multiply", "--port", str(port)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(f"backprop-tui: port {port} cannot be used: .*; --port 0 picks a free one\n", err)


def test_without_the_extra_it_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serving_command, "find_spec", lambda name: None)
    assert ended(["serve", "add_multiply"]) == 2
    assert "pip install 'backprop-tui[web]'" in capsys.readouterr().err


# The real app


class Terminal:
    """What our page would show, through a terminal emulator, and what it would send."""

    def __init__(self, page: ClientWebSocketResponse) -> None:
        self.page, self.screen = page, Screen(100, 30)
        self.stream = ByteStream(self.screen)

    async def wait_for(self, pattern: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while not re.search(pattern, "\n".join(self.screen.display)):
                self.stream.feed(await shown(self.page))

    async def press(self, keys: str) -> None:
        await self.page.send_json(["stdin", keys])


@asynccontextmanager
async def terminal_at(address: str) -> AsyncIterator[Terminal]:
    root, _, token = address.partition("/?token=")
    async with (
        ClientSession() as client,
        client.ws_connect(f"{root}/ws?width=100&height=30&token={token}", origin=root) as page,
    ):
        yield Terminal(page)


NAME = """a 'b' "c" $(touch pwned) `touch pwned`; touch pwned & %PATH% \\ *.yaml"""


# The server's end, in this process


async def served_until(*numbers: signal.Signals) -> int:
    """Which signal ended a server that got these as soon as it was there."""

    def ready() -> None:
        for number in numbers:
            signal.raise_signal(number)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        return await serve(Server(app(POLITE), lambda: PAGE, most=2), listener, ready)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
async def test_the_first_signal_ends_it(number: signal.Signals) -> None:
    assert await served_until(number, signal.SIGTERM) == number


async def test_a_hangup_that_was_to_be_ignored_is() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert await served_until(signal.SIGHUP, signal.SIGTERM) == signal.SIGTERM
    finally:
        signal.signal(signal.SIGHUP, before)


class Interrupting(io.StringIO):
    """Standard output that ends the server as soon as it says where it is."""

    def flush(self) -> None:
        if "token=" in self.getvalue():
            signal.raise_signal(signal.SIGINT)


def test_the_command_says_where_it_serves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "stdout", output := Interrupting())
    assert run(["serve", "add_multiply", "--port", "0", "--sessions", "3", "--lang", "ko"]) == 130
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=\S+\n", output.getvalue())
    assert "Ctrl+C" in capsys.readouterr().err


@pytest.mark.thorough
@pytest.mark.parametrize("number", [signal.SIGTERM, *tried([signal.SIGINT, signal.SIGHUP], [])])
async def test_it_serves_until_a_signal_and_leaves_nothing_behind(number: int, tmp_path: Path) -> None:
    """The scenario's name would make a shell do something; the folder's modules would make Python fail."""
    (tmp_path / NAME).write_text("title: Any name\ninputs: {x: 3}\nnodes: {f: x * x}\n", "utf-8")
    (tmp_path / "numpy.py").write_text("raise SystemExit(7)")
    with serving(NAME, "--set", "x=5", "--lang=ko", settings=tmp_path, cwd=tmp_path) as (server, address):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{32}", address)
        async with terminal_at(address) as terminal:
            await terminal.wait_for("스텝 0/")
            await terminal.press("s")
            await terminal.wait_for("스텝 1/.*[\\s\\S]*25")
            started = children(server.pid)
            assert len(started) == 1
            server.send_signal(number)
            assert await closed(terminal.page) == 1001
        assert server.wait(PATIENCE) == 128 + number
        assert [pid for pid in started if is_there(pid)] == []
        assert server.stderr is not None
        assert server.stderr.read() == "열려 있습니다. Ctrl+C로 끝냅니다\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([NAME, "numpy.py"])


@pytest.mark.thorough
async def test_a_hangup_is_ignored_where_it_is_to_be(tmp_path: Path) -> None:
    """As under nohup: what a program ignores, the programs that it starts ignore too."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with serving("add_multiply", settings=tmp_path) as (server, address):
        signal.signal(signal.SIGHUP, before)
        server.send_signal(signal.SIGHUP)
        jar = CookieJar(unsafe=True)  # for an address of numbers
        async with ClientSession(cookie_jar=jar) as client, client.get(address) as answer:
            assert answer.status == 200
        server.send_signal(signal.SIGTERM)
        assert server.wait(PATIENCE) == 128 + signal.SIGTERM


@pytest.mark.thorough
async def test_an_editor_is_not_opened_on_a_terminal_that_is_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "touch opened")
    with serving("add_multiply", settings=tmp_path, cwd=tmp_path) as (_, address):
        async with terminal_at(address) as terminal:
            await terminal.wait_for("step 0 of 7")
            await terminal.press("E")
            await terminal.wait_for("an editor cannot be opened")
            await terminal.press("s")
            await terminal.wait_for("step 1 of 7")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.thorough
async def test_an_app_does_not_outlive_a_server_that_was_killed(tmp_path: Path) -> None:
    with serving("add_multiply", settings=tmp_path) as (server, address):
        async with terminal_at(address) as terminal:
            await terminal.wait_for("step 0 of 7")
            started = children(server.pid)
            server.kill()
            server.wait(PATIENCE)
    assert len(started) == 1
    wait_until_gone(started[0])


@pytest.mark.parametrize(
    "asked",
    [b"\xe4\r\n\r\n", b"GET /\xff%ff HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
)
def test_a_request_that_is_none_is_refused_without_a_word(tmp_path: Path, asked: bytes) -> None:
    """Whoever reaches the port would fill the terminal of who started the server."""
    with serving("add_multiply", settings=tmp_path) as (server, address):
        port = int(re.findall(r":(\d+)/", address)[0])
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            client.sendall(asked)
            assert client.recv(100).startswith(b"HTTP/1.0 400 ")
        server.send_signal(signal.SIGTERM)
        assert server.wait(PATIENCE) == 128 + signal.SIGTERM
        assert server.stderr is not None
        assert server.stderr.read() == "serving; Ctrl+C stops\n"


@pytest.mark.parametrize("asked", [b"", b"GET / HTTP/1.1\r\nX"])
def test_nobody_takes_all_connections(tmp_path: Path, asked: bytes) -> None:
    """Whoever reaches the port may hold as many as they can, and never ask anything to the end."""
    with serving("add_multiply", settings=tmp_path) as (server, address), ExitStack() as held:
        port = int(re.findall(r":(\d+)/", address)[0])

        def connection() -> socket.socket:
            return held.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE))

        def is_answered(client: socket.socket) -> bool:
            path = address.partition(str(port))[2]
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
            return client.recv(4096).startswith(b"HTTP/1.1 303 ")

        known = connection()
        assert is_answered(known)
        for _ in range(300):
            connection().sendall(asked)
        assert is_answered(connection())
        assert is_answered(known)
        assert len(os.listdir(f"/proc/{server.pid}/fd")) < 100
        server.send_signal(signal.SIGTERM)
        assert server.wait(PATIENCE) == 128 + signal.SIGTERM
        assert server.stderr is not None
        assert server.stderr.read() == "serving; Ctrl+C stops\n"
