"""MCP servers asked: a real one of the official package over stdio and HTTP, and one that misbehaves."""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

import pytest

from tenuto.ports.mcp import McpServer, Place, Unreachable
from tenuto.ports.secrets import BoundSecret
from tenuto.sdk import NodeError
from tenuto.tools.mcp import Connections, connection
from tools.mcp import bare, serving

LOOPBACK = (ip_network("127.0.0.1/32"),)
HERE = Place("default", "dev")
KEY = "k3y-of-the-tickets"


STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(os.getpid()))
os.rename(file.name, sys.argv[1])
time.sleep(60)
"""
HOLDING = """
import asyncio, sys
from tenuto.tools.mcp.stdio import running
async def main():
    async with running(sys.argv[1:], {}, print, print):
        await asyncio.sleep(60)
asyncio.run(main())
"""


class FewSecrets:
    async def get(self, name: str, *, tenant: str, stage: str) -> str:
        found = {"tickets": KEY, "bound": BoundSecret(KEY, ("mcp.example.com",))}
        if tenant != "default" or name not in found:
            raise KeyError(f"there is no secret `{name}`")
        return found[name]


@pytest.fixture
async def connections() -> AsyncGenerator[Connections]:
    made = Connections(FewSecrets(), LOOPBACK)
    yield made
    await made.aclose()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def odd(log: Path) -> McpServer:
    command = (sys.executable, "-S", str(bare.__file__), str(log))
    return McpServer(name="odd", command=command, env={"LANG": "C.UTF-8"}, secrets={"TOKEN": "tickets"})


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[McpServer]:
    folder = tmp_path_factory.mktemp("web")
    tools = folder / "tools.json"
    tools.write_text(json.dumps(serving.TOOLS))
    with serving.over_http(folder / "log", tools, key=KEY) as url:
        yield McpServer(name="web", url=url, secret="tickets")


def lines(log: Path) -> list[str]:
    return log.read_text().split()


class TestOverHttp:
    async def test_a_real_server_is_listed_and_called(self, connections: Connections, web: McpServer) -> None:
        offered = {tool.name: tool for tool in await connections.tools(web, HERE)}
        said = await connections.call(web, HERE, "echo", {"a": 1}, timeout=5)
        structured = await connections.call(web, HERE, "structured", {}, timeout=5)
        picture = await connections.call(web, HERE, "picture", {}, timeout=5)
        failed = await connections.call(web, HERE, "fail", {}, timeout=5)

        assert offered["echo"].hints == {"read_only_hint": True}
        assert offered["pay"].parameters["properties"] == {"amount": {"type": "integer"}}
        assert json.loads(said.text) == {"a": 1}
        assert structured.data == {"n": 1}
        assert [(blob.content, blob.media_type) for blob in picture.blobs] == [(b"hallo", "image/png")]
        assert picture.links == [{"uri": "https://a.example.com/x", "name": "x"}]
        assert (failed.failed, failed.text) == (True, "no such ticket")

    async def test_an_answer_that_is_too_long_is_not_read(self, connections: Connections, web: McpServer) -> None:
        with pytest.raises(Unreachable):
            await connections.call(web, HERE, "huge", {}, timeout=5)
        again = await connections.call(web, HERE, "echo", {}, timeout=5)

        assert again.text == "{}"

    async def test_a_call_that_takes_too_long_is_given_up(self, connections: Connections, web: McpServer) -> None:
        with pytest.raises(NodeError) as caught:
            await connections.call(web, HERE, "hang", {}, timeout=0.2)

        assert caught.value.type == "timeout"

    async def test_whoever_stops_waiting_cancels(self, connections: Connections, web: McpServer) -> None:
        calling = asyncio.create_task(connections.call(web, HERE, "hang", {}, timeout=30))
        await asyncio.sleep(0.1)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling

        assert (await connections.call(web, HERE, "echo", {}, timeout=5)).text == "{}"

    async def test_without_the_right_key_nothing_is_said(self, connections: Connections, web: McpServer) -> None:
        wrong = McpServer(name="web", url=web.url, headers={"X-Other": "1"})

        with pytest.raises(NodeError):
            await connections.tools(wrong, HERE)

    async def test_a_secret_goes_to_its_hosts_alone(self, connections: Connections, web: McpServer) -> None:
        bound = McpServer(name="web", url=web.url, secret="bound")

        with pytest.raises(NodeError, match=r"mcp\.example\.com alone") as caught:
            await connections.tools(bound, HERE)
        with pytest.raises(NodeError, match="there is no secret"):
            await connections.tools(web, Place("other", "dev"))
        assert caught.value.type == "permission"

    async def test_only_public_addresses_are_reached(self, web: McpServer) -> None:
        """SECURITY 40: the guard of nodes stands here as well; what the settings name is trusted."""
        port = int(web.url.split(":")[2].split("/")[0])
        guarded, trusting = Connections(FewSecrets()), Connections(FewSecrets(), hosts=[("127.0.0.1", port)])

        with pytest.raises(NodeError, match="no place that nodes may reach"):
            await guarded.tools(web, HERE)
        offered = await trusting.tools(web, HERE)
        await asyncio.gather(guarded.aclose(), trusting.aclose())

        assert len(offered) == len(serving.TOOLS)

    async def test_who_cannot_be_reached_is_not_asked_all_the_time(self, connections: Connections) -> None:
        nobody = McpServer(name="nobody", url="http://127.0.0.1:9/mcp")

        for _ in range(2):
            with pytest.raises(Unreachable):
                await connections.tools(nobody, HERE)
        with pytest.raises(Unreachable) as caught:
            await connections.tools(nobody, HERE)

        assert caught.value.retry_after is not None
        assert list(connections.troubles()) == ["nobody"]


class TestOverStdio:
    async def test_a_program_finds_in_its_environment_what_was_named(
        self,
        connections: Connections,
        odd: McpServer,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """And nothing of ours; what it prints of its secret is not shown."""
        monkeypatch.setenv("TENUTO_SECRET_KEY", "of the server itself")
        with caplog.at_level(logging.INFO, "tenuto.mcp"):
            said = await connections.call(odd, HERE, "environment", {}, timeout=5)

        assert set(json.loads(said.text)) - {"LC_CTYPE"} == {"PATH", "LANG", "TOKEN"}
        assert json.loads(said.text)["TOKEN"] == "[secret:tickets]"
        assert "ready [secret:tickets]" in caplog.text

    @pytest.mark.parametrize("name", ["crash", "flood"])
    async def test_a_server_that_ends_in_the_middle_is_started_again(
        self, name: str, connections: Connections, odd: McpServer, log: Path
    ) -> None:
        """The call that was under way may have happened: it is not made again, and its caller is told so."""
        with pytest.raises(Unreachable) as caught:
            await connections.call(odd, HERE, name, {}, timeout=5)
        again = await connections.call(odd, HERE, "echo", {"a": 1}, timeout=5)

        assert (caught.value.begun, caught.value.type) == (True, "lost")
        assert again.text == '{"a": 1}'
        assert lines(log).count(name) == 1

    async def test_an_answer_is_heard_of_a_server_that_leaves_with_it(
        self, connections: Connections, odd: McpServer
    ) -> None:
        """And as soon as it has been seen off, the next call finds another one."""
        said = (await connections.call(odd, HERE, "leave", {"n": 1}, timeout=5)).text
        async with asyncio.timeout(10):
            again = ""
            while not again:
                with suppress(Unreachable):
                    again = (await connections.call(odd, HERE, "leave", {"n": 2}, timeout=5)).text

        assert (said, again) == ('{"n": 1}', '{"n": 2}')

    async def test_nothing_is_fetched_that_an_output_schema_refers_to(
        self, connections: Connections, odd: McpServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SECURITY 40: a server says where, and it may be a place inside."""
        monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("it was fetched"))

        await connections.tools(odd, HERE)

        assert (await connections.call(odd, HERE, "refer", {}, timeout=5)).data == {"a": 1}

    @pytest.mark.nightly
    async def test_a_server_ends_with_us_however_we_end(self, tmp_path: Path) -> None:
        """One that looks neither at its input nor at a signal."""
        stubborn = tmp_path / "stubborn.py"
        stubborn.write_text(STUBBORN)
        words = [sys.executable, "-c", HOLDING, sys.executable, str(stubborn), str(tmp_path / "pid")]
        ours = await asyncio.create_subprocess_exec(*words)
        async with asyncio.timeout(20):
            while not (tmp_path / "pid").exists():  # noqa: ASYNC110  a file has no event
                await asyncio.sleep(0.02)
            ours.kill()
            await ours.wait()
            while Path(f"/proc/{(tmp_path / 'pid').read_text()}").exists():  # noqa: ASYNC110, ASYNC240  nor has a process
                await asyncio.sleep(0.02)

    async def test_a_program_that_is_not_there_is_named(self, connections: Connections) -> None:
        nowhere = McpServer(name="odd", command=("no-such-program-anywhere", "x"))

        with pytest.raises(Unreachable, match="there is no program no-such-program-anywhere"):
            await connections.tools(nowhere, HERE)

    async def test_garbage_between_the_lines_does_no_harm(self, connections: Connections, odd: McpServer) -> None:
        assert (await connections.call(odd, HERE, "garbage", {}, timeout=5)).text == "{}"

    @pytest.mark.nightly
    async def test_two_calls_without_an_answer_and_it_is_started_again(
        self, connections: Connections, odd: McpServer
    ) -> None:
        for _ in range(connection.HANGS):
            with pytest.raises(NodeError, match="in time"):
                await connections.call(odd, HERE, "hang", {}, timeout=0.1)

        assert (await connections.call(odd, HERE, "echo", {}, timeout=5)).text == "{}"

    async def test_a_program_that_babbles_is_not_listened_to(self, connections: Connections) -> None:
        """Else it would keep a processor busy until somebody's patience ends."""
        with pytest.raises(Unreachable):
            async with asyncio.timeout(10):
                await connections.tools(McpServer(name="babbler", command=("yes",)), HERE)

    async def test_a_program_that_is_not_there_is_said(self, connections: Connections) -> None:
        with pytest.raises(Unreachable, match="there is no program /no/such"):
            await connections.tools(McpServer(name="none", command=("/no/such",)), HERE)

    async def test_tenants_and_stages_have_processes_of_their_own(
        self, connections: Connections, log: Path, tmp_path: Path
    ) -> None:
        """Their secrets differ."""
        plain = McpServer(name="odd", command=(sys.executable, "-S", str(bare.__file__), str(log)))

        await connections.tools(plain, HERE)
        await connections.tools(plain, Place("other", "dev"))
        begun = lines(log).count("notifications/initialized")
        await connections.forget("odd", "other")

        assert begun == 2

    @pytest.mark.nightly
    async def test_a_real_server_is_asked_over_stdio(self, connections: Connections, tmp_path: Path) -> None:
        tools = tmp_path / "tools.json"
        tools.write_text(json.dumps(serving.TOOLS))
        command = (sys.executable, str(serving.__file__), str(tmp_path / "log"), str(tools))
        real = McpServer(name="real", command=command)

        offered = [tool.name for tool in await connections.tools(real, HERE)]
        said = await connections.call(real, HERE, "echo", {"a": 1}, timeout=5)

        assert offered == [each["name"] for each in serving.TOOLS]
        assert json.loads(said.text) == {"a": 1}
