"""Agents through the client: a task and its answer, its words as they come, also over a connection that is lost."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx2
import pytest

from api.live import listening
from api.test_agent_runs import ECHO, play
from tenuto.api.app import create_app
from tenuto.bootstrap.server import Server, open_server
from tenuto.client import Client, Event, NotFound
from tenuto.settings import Settings


@pytest.fixture
async def served(tmp_path: Path) -> AsyncGenerator[tuple[Server, str]]:
    settings = Settings(data=tmp_path)
    async with open_server(settings) as server, listening(create_app(server.platform, settings)) as url:
        yield server, url


@pytest.fixture
async def client(served: tuple[Server, str]) -> AsyncGenerator[Client]:
    server, url = served
    async with Client(url, server.token) as client:
        yield client


async def test_a_task_its_answer_and_what_is_known_of_them(client: Client, served: tuple[Server, str]):
    """Typed, from the execution to the agent."""
    play(served[0], "Fine tea.")

    run = await client.agents.execute("copywriter", "Write", {"tone": "dry"}, wait=10)
    execution = await client.agents.status(run.id)
    state = await client.agents.state("copywriter")
    page = await client.agents.runs("copywriter")
    agents = await client.agents.list(limit=500)

    assert (run.status, run.output["text"]) == ("succeeded", "Fine tea.")
    assert (execution.status, execution.text, execution.ended) == ("completed", "Fine tea.", True)
    assert (state.status, state.team) == ("idle", "marketing")
    assert [(each.id, each.task) for each in page.items] == [(run.id, "Write")]
    assert {each.name: each.team for each in agents.items}["copywriter"] == "marketing"


async def test_the_models_that_agents_ask(client: Client, served: tuple[Server, str]):
    """By name, the default first; one that nobody knows is not found."""
    play(served[0], "Fine tea.")

    first, *_ = await client.models.list()
    same = await client.models.get("default")

    assert first == same
    assert (first.name, first.default, first.breaker) == ("default", True, "closed")
    assert first.chosen
    with pytest.raises(NotFound):
        await client.models.get("openai:nobody/knows it")


async def test_words_come_as_they_are_said(client: Client, served: tuple[Server, str]):
    """And every fact once, to the end."""
    play(served[0], {"text": "Let me look. ", **ECHO}, "Fine tea.")

    events = [event async for event in client.agents.stream("copywriter", "Write")]

    assert "".join(event.text for event in events) == "Let me look. Fine tea."
    assert [event.seq for event in events if event.seq] == list(range(1, 1 + sum(bool(event.seq) for event in events)))
    assert events[-1].type == "run.succeeded"


class Breaks(httpx2.AsyncBaseTransport):
    """The first answer that streams is cut off after a few bytes."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, after: int) -> None:
        self._inner = inner
        self._left: int | None = after

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._inner.handle_async_request(request)
        if self._left is None or "event-stream" not in answer.headers.get("content-type", ""):
            return answer
        left, self._left = self._left, None
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=_Cut(answer, left))


class _Cut(httpx2.AsyncByteStream):
    def __init__(self, answer: httpx2.Response, left: int) -> None:
        self._answer = answer
        self._left = left

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        async for chunk in self._answer.aiter_raw():
            yield chunk[: self._left]
            self._left -= len(chunk)
            if self._left <= 0:
                raise httpx2.ReadError("the line is cut")

    async def aclose(self) -> None:
        await self._answer.aclose()


async def test_a_lost_connection_starts_nothing_anew(served: tuple[Server, str]):
    """Before the first event, in the middle of one, between two: one execution, each fact once."""
    server, url = served

    for number, after in enumerate([0, 5, 700], 1):
        model = play(server, ECHO, "Fine tea.")
        asker = httpx2.AsyncClient(base_url=url, transport=Breaks(httpx2.AsyncHTTPTransport(), after))
        async with asker, Client(url, server.token, asker=asker) as client:
            events: list[Event] = [event async for event in client.agents.stream("copywriter", "Write")]
            runs = await client.agents.runs("copywriter")

        facts = [event.seq for event in events if event.seq]
        assert facts == list(range(1, len(facts) + 1))
        assert events[-1].data["output"]["text"] == "Fine tea."
        assert len(runs.items) == number
        assert len(model.asked) == 2


async def test_an_agent_that_is_not_there(client: Client):
    with pytest.raises(NotFound, match="did you mean `copywriter`"):
        await client.agents.execute("copywritr", "Write")
    with pytest.raises(NotFound):
        _ = [event async for event in client.agents.stream("copywritr", "Write")]
