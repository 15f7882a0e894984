"""The Python client against a real server, and against one that fails as servers do."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.live import listening
from api.test_runs import ASKING, HELLO
from tenuto.api.app import create_app
from tenuto.bootstrap.server import open_server
from tenuto.client import Client, Conflict, Invalid, NotFound, RateLimited, Unauthorized, Unreachable
from tenuto.settings import Settings


@pytest.fixture
async def client(tmp_path: Path) -> AsyncGenerator[Client]:
    settings = Settings(data=tmp_path)
    async with (
        open_server(settings) as server,
        listening(create_app(server.platform, settings)) as url,
        Client(url, server.token) as client,
    ):
        await client.flows.save(HELLO)
        await client.flows.save(ASKING)
        yield client


async def asking(client: Client) -> str:
    """A run that waits for its answer."""
    run = await client.runs.start("asking")
    async for event in client.runs.stream(run.id):
        if event.data.get("path") == "greet":
            return run.id  # with this fact the approval began to wait
    raise AssertionError("it has ended")


class TestAgainstAServer:
    async def test_a_run_from_start_to_end(self, client: Client):
        """Started, followed, waited for, found again."""
        run = await client.runs.start("hello", {"name": "Ada"}, labels={"team": "blue"}, wait=10)
        events = [event async for event in client.runs.stream(run.id)]

        assert (run.status, run.output) == ("succeeded", "Hello Ada")
        assert [event.seq for event in events] == [1, 2, 3]
        assert events == [event async for event in client.runs.events(run.id)]
        assert (await client.runs.wait(run.id)).nodes["greet"]["output"] == "Hello Ada"
        assert [found.id for found in (await client.runs.list(labels={"team": "blue"})).items] == [run.id]

    async def test_a_person_answers(self, client: Client):
        """What waits is found, and answered once."""
        run = await asking(client)
        (approval,) = (await client.approvals.list(assignee="ada")).items

        await client.runs.approve(approval.run, approval.path, approved=False, comment="no")

        assert (await client.runs.wait(run)).output == "sorry"
        with pytest.raises(Conflict):
            await client.runs.approve(approval.run, approval.path)

    async def test_runs_are_started_again(self, client: Client):
        """Retried, forked, paused, resumed, labelled, cancelled, deleted."""
        run = await client.runs.start("hello", wait=10)

        retried = await client.runs.retry(run.id, from_="greet", wait=10)
        forked = await client.runs.fork(run.id, edits={"input.name": "Bob"}, wait=10)
        open_one = await asking(client)
        await client.runs.pause(open_one)
        await client.runs.resume(open_one)
        await client.runs.signal(open_one, "later", {"x": 1})
        labelled = await client.runs.label(open_one, {"a": "b"})
        await client.runs.cancel(open_one, "enough")
        await client.runs.delete(run.id)

        assert (retried.output, forked.output) == ("Hello world", "Hello Bob")
        assert labelled.labels == {"a": "b"}
        assert (await client.runs.wait(open_one)).status == "cancelled"
        with pytest.raises(NotFound):
            await client.runs.get(run.id)

    async def test_files_go_in_and_come_out(self, client: Client):
        """As the value that stands in an input."""
        file = await client.files.upload(b"content", "a.txt", "text/plain")

        assert await client.files.download(file) == b"content"

    async def test_flows_are_kept(self, client: Client):
        """Saved, validated, published, listed, deleted."""
        saved = await client.flows.save({"flow": "mine", "nodes": {"a": {"use": "set", "with": {"value": 1}}}})
        await client.flows.publish("mine", "staging", saved.version)

        assert [problem["code"] for problem in await client.flows.validate("flow: x\n")]
        assert "mine" in [flow["name"] for flow in (await client.flows.list()).items]
        assert (await client.flows.get("mine"))["name"] == "mine"

    async def test_what_goes_wrong_says_so(self, client: Client):
        """As exceptions that carry the problem."""
        with pytest.raises(Invalid) as raised:
            await client.runs.start("hello", {"name": 3})
        with pytest.raises(NotFound):
            await client.runs.start("nothing")

        assert raised.value.problems[0]["path"] == "input.name"
        assert raised.value.request_id

    async def test_a_stranger_is_told_so(self, client: Client):
        """401."""
        url = str(client._asker.base_url)
        async with Client(url, "wrong") as stranger:
            with pytest.raises(Unauthorized):
                await stranger.runs.list()


def answering(answers: list[Any], asked: list[httpx2.Request]) -> Client:
    """A client of a server that gives these answers, one after the other."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        given = answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    asker = httpx2.AsyncClient(transport=httpx2.MockTransport(answer), base_url="http://server")
    return Client("http://server", "token", asker=asker, attempts=3)


def told(*events: tuple[int, str]) -> httpx2.Response:
    text = "".join(f'id: {seq}\nevent: {kind}\ndata: {{"seq": {seq}, "x": "\u2028"}}\n\n' for seq, kind in events)
    return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=text.encode())


RUN = {"id": "r", "name": "n", "flow": "f", "status": "running"}


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses take no time; how long they would have been."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("tenuto.client.transport.asyncio.sleep", sleep)
    return slept


@pytest.mark.usefixtures("at_once")
class TestWhenThingsFail:
    async def test_a_start_whose_answer_was_lost_is_made_once(self):
        """P9: asked again under the same key."""
        asked: list[httpx2.Request] = []
        client = answering([httpx2.ReadError("gone"), httpx2.Response(201, json=RUN)], asked)

        run = await client.runs.start("f")

        assert run.id == "r"
        assert len({request.headers["idempotency-key"] for request in asked}) == 1

    async def test_the_server_says_when_to_come_back(self, at_once: list[float]):
        """`Retry-After` of 429 and 503."""
        answers = [
            httpx2.Response(429, headers={"Retry-After": "3"}),
            httpx2.Response(503, headers={"Retry-After": "2"}),
            httpx2.Response(200, json=RUN),
        ]

        await answering(answers, []).runs.get("r")

        assert at_once == [3.0, 2.0]

    async def test_what_cannot_be_repeated_is_not(self):
        """A cancel whose answer was lost may have been done; one that was refused for now was not."""
        lost = answering([httpx2.ReadError("gone")], [])
        refused = answering([httpx2.Response(503), httpx2.Response(200, json=RUN)], [])

        with pytest.raises(Unreachable):
            await lost.runs.cancel("r")
        await refused.runs.cancel("r")

    async def test_it_gives_up_in_the_end(self):
        """After so many attempts, with what was said last."""
        with pytest.raises(RateLimited):
            await answering([httpx2.Response(429)] * 3, []).runs.get("r")

    async def test_a_stream_goes_on_where_it_broke(self):
        """Nothing missed and nothing twice, whatever the server repeats or leaves out."""
        asked: list[httpx2.Request] = []
        answers = [
            told((1, "run.started"), (2, "a")),
            httpx2.ConnectError("down"),
            told((2, "a"), (3, "b"), (5, "d")),
            httpx2.Response(503),
            told((4, "c"), (5, "d"), (6, "run.succeeded")),
        ]

        seen = [event.seq async for event in answering(answers, asked).runs.stream("r")]

        assert seen == [1, 2, 3, 4, 5, 6]
        assert [request.headers["last-event-id"] for request in asked] == ["0", "2", "2", "3", "3"]

    async def test_a_server_that_is_away_is_waited_for(self):
        """As long as it takes to put another in its place; one that never spoke is given up soon."""
        down: list[Any] = [httpx2.ConnectError("down")] * 20
        answers = [told((1, "run.started")), *down, told((2, "run.succeeded"))]

        seen = [event.seq async for event in answering(answers, []).runs.stream("r")]
        with pytest.raises(Unreachable):
            await anext(answering(down, []).runs.stream("r"))

        assert seen == [1, 2]

    async def test_one_that_stays_away_is_given_up(self, monkeypatch: pytest.MonkeyPatch):
        """After an outage that is no restart any more."""
        monkeypatch.setattr("tenuto.client.streaming.OUTAGE", 0.0)
        client = answering([told((1, "run.started")), *[httpx2.ConnectError("down")] * 3], [])

        with pytest.raises(Unreachable):
            [event async for event in client.runs.stream("r")]

    async def test_a_stream_that_was_seen_whole_is_empty(self):
        """204."""
        assert [event async for event in answering([httpx2.Response(204)], []).runs.stream("r", after=6)] == []

    async def test_an_answer_that_was_recorded_counts(self):
        """The signal is in the journal under our key: the 409 of the second try is no failure."""
        asked: list[httpx2.Request] = []
        client = answering([], asked)
        page = {"items": [{"seq": 4, "type": "signal.received", "key": "mine"}], "next_cursor": None}
        answers = [
            httpx2.ReadError("gone"),
            httpx2.Response(409, json={"code": "ended", "detail": "it has ended"}),
            httpx2.Response(200, json=page),
        ]
        client = answering(answers, asked)

        await client.runs.signal("r", "ok", {"approved": True}, idempotency_key="mine")

        assert len(asked) == 3
