"""The WebSocket: who is let in, what is told, how many and how much."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.live import listening
from api.test_runs import ASKING, HELLO, YAML, started, waiting
from tenuto.api.tickets import CONNECTIONS, SUBSCRIPTIONS, Door
from tenuto.bootstrap.server import Server
from tenuto.service.principal import Principal
from tenuto.settings import Settings

PAGE = "https://app.example.com"


@dataclass
class Live:
    app: FastAPI
    http: httpx2.AsyncClient
    token: str
    url: str

    @asynccontextmanager
    async def connection(self, path: str = "", **more: Any) -> AsyncGenerator[ClientConnection]:
        async with connect(self.url + path, open_timeout=5, close_timeout=1, max_size=2**24, **more) as socket:
            yield socket

    @asynccontextmanager
    async def inside(self, **auth: Any) -> AsyncGenerator[ClientConnection]:
        """Let in by the first message."""
        async with self.connection() as socket:
            await say(socket, type="auth", **({"token": self.token} | auth))
            assert (await heard(socket))["type"] == "ready"
            yield socket


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return Settings(data=settings.data, cors_origins=(PAGE,))


@pytest.fixture
async def live(app: FastAPI, server: Server) -> AsyncGenerator[Live]:
    headers = {"Authorization": f"Bearer {server.token}"}
    async with listening(app) as url, httpx2.AsyncClient(base_url=url, headers=headers, timeout=10) as client:
        for text in (HELLO, ASKING):
            await client.post("/v1/flows", content=text, headers=YAML)
        yield Live(app, client, server.token, url.replace("http", "ws") + "/v1/ws")


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def heard(socket: ClientConnection) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(socket.recv(), 5))


async def until(socket: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """Everything up to a message of this kind, with it."""
    found = [await heard(socket)]
    while found[-1]["type"] != kind:
        found.append(await heard(socket))
    return found


async def closed(socket: ClientConnection) -> int | None:
    """The code with which the other side closes; whatever it says before is an error."""
    with pytest.raises(ConnectionClosed) as raised:
        await asyncio.wait_for(socket.recv(), 8)
    return raised.value.rcvd.code if raised.value.rcvd else None


class TestDoor:
    async def test_nothing_is_told_to_who_shows_nothing(self, live: Live, monkeypatch: pytest.MonkeyPatch):
        """SECURITY 83: 4401 for silence, for a wrong token, and for asking first."""
        monkeypatch.setattr("tenuto.api.ws.AUTH_WITHIN", 0.1)

        async with live.connection() as silent:
            assert await closed(silent) == 4401
        for message in ({"type": "auth", "token": "wrong"}, {"type": "subscribe", "runs": {}}, {"type": "auth"}):
            async with live.connection() as socket:
                await say(socket, **message)
                assert await closed(socket) == 4401

    async def test_a_token_in_the_url_counts_for_nothing(self, live: Live, monkeypatch: pytest.MonkeyPatch):
        """Only a ticket may stand there."""
        monkeypatch.setattr("tenuto.api.ws.AUTH_WITHIN", 0.1)

        async with live.connection(f"?token={live.token}") as socket:
            assert await closed(socket) == 4401
        async with live.connection(f"?ticket={live.token}") as socket:
            assert await closed(socket) == 4401

    async def test_a_ticket_holds_once(self, live: Live):
        """For a browser, which sends no headers."""
        ticket = (await live.http.post("/v1/ws/tickets")).json()["ticket"]

        async with live.connection(f"?ticket={ticket}") as socket:
            assert (await heard(socket))["type"] == "ready"
        async with live.connection(f"?ticket={ticket}") as again:
            assert await closed(again) == 4401

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", PAGE + ".evil.example"])
    async def test_a_page_of_another_origin_is_not_let_in(self, live: Live, origin: str):
        """Before the connection is made."""
        with pytest.raises(InvalidStatus) as raised:
            async with live.connection(additional_headers={"Origin": origin}):
                pass

        assert raised.value.response.status_code == 403

    async def test_our_own_pages_are_let_in(self, live: Live):
        """The server's own address, and those that the settings name."""
        own = live.url.removesuffix("/v1/ws").replace("ws", "http", 1)

        for origin in (own, PAGE):
            async with live.connection(additional_headers={"Origin": origin}) as socket:
                await say(socket, type="auth", token=live.token)
                assert (await heard(socket))["type"] == "ready"

    async def test_a_key_without_the_permission_is_sent_away(self, live: Live):
        """4403."""
        made = (await live.http.post("/v1/keys", json={"name": "k", "permissions": ["flows:read"]})).json()

        async with live.connection() as socket:
            await say(socket, type="auth", token=made["key"])
            assert await closed(socket) == 4403

    async def test_a_revoked_key_is_sent_away(self, live: Live, monkeypatch: pytest.MonkeyPatch):
        """SECURITY 83: within some seconds, whatever it listens to."""
        monkeypatch.setattr("tenuto.api.ws_session.RECHECK", 0.05)
        made = (await live.http.post("/v1/keys", json={"name": "k", "permissions": ["runs:read"]})).json()

        async with live.inside(token=made["key"]) as socket:
            await live.http.delete(f"/v1/keys/{made['id']}")
            assert await closed(socket) == 4401

    async def test_a_user_has_so_many_connections(self, live: Live):
        """4429 for one more; there is room again when one leaves."""
        async with live.inside() as first:
            others = [live.inside() for _ in range(CONNECTIONS - 1)]
            for other in others:
                await other.__aenter__()
            async with live.connection() as late:
                await say(late, type="auth", token=live.token)
                assert await closed(late) == 4429
            await first.close()
            await asyncio.sleep(0.1)
            async with live.inside():
                pass
            for other in others:
                await other.__aexit__(None, None, None)

    async def test_what_is_too_large_or_no_json_ends_it(self, live: Live):
        """1009 and 4400."""
        for message, code in (("x" * 1_000_001, 1009), ("[", 4400), ("[1]", 4400)):
            async with live.inside() as socket:
                await socket.send(message)
                assert await closed(socket) == code


class TestRuns:
    async def test_a_run_is_told_from_its_beginning_to_its_end(self, live: Live):
        """The same events as the stream over HTTP; then `end`."""
        run = (await started(live.http, "asking"))["id"]
        await waiting(live.http, run)

        async with live.inside() as socket:
            await say(socket, type="subscribe", run=run)
            await until(socket, "event")
            await live.http.post(f"/v1/approvals/{run}/ok", json={"approved": True})
            rest = await until(socket, "end")

        assert rest[-2]["event"] == "run.succeeded"
        assert rest[-1]["seq"] == rest[-2]["seq"] == rest[-2]["data"]["seq"]

    async def test_it_goes_on_after_what_was_seen(self, live: Live):
        """`after`, and by name."""
        run = (await live.http.post("/v1/runs?wait=5", json={"flow": "hello", "name": "once"})).json()

        async with live.inside() as socket:
            await say(socket, type="subscribe", run="once", after=2)
            told = await until(socket, "end")

        assert [each.get("seq") for each in told if each["type"] == "event"] == [3]
        assert all(each.get("run", run["id"]) == run["id"] for each in told)

    async def test_unsubscribed_is_told_no_more(self, live: Live):
        """And may subscribe again."""
        run = (await started(live.http, "asking"))["id"]

        async with live.inside() as socket:
            await say(socket, type="subscribe", run=run)
            await until(socket, "subscribed")
            await say(socket, type="unsubscribe", run=run)
            await until(socket, "unsubscribed")
            await live.http.post(f"/v1/runs/{run}/cancel")
            await say(socket, type="ping")
            assert (await heard(socket))["type"] == "pong"
            await say(socket, type="subscribe", run=run)
            assert (await until(socket, "end"))[-2]["event"] == "run.cancelled"

    async def test_what_cannot_be_done_is_said(self, live: Live):
        """As an `error`; the connection lasts."""
        messages: list[dict[str, Any]] = [
            {"type": "subscribe", "run": "nobody"},
            {"type": "subscribe", "run": 3},
            {"type": "subscribe", "run": "x", "after": -1},
            {"type": "subscribe", "runs": {"status": ["done"]}},
            {"type": "subscribe", "runs": {"flow": []}},
            {"type": "subscribe", "runs": {"tenant": "other"}},
            {"type": "dance"},
        ]
        async with live.inside() as socket:
            for message in messages:
                await say(socket, **message)
                assert (await heard(socket))["type"] == "error"
            await say(socket, type="ping")
            assert (await heard(socket))["type"] == "pong"

    async def test_a_user_has_so_many_subscriptions(self, live: Live):
        """Over all connections; what is left makes room."""
        runs = [(await started(live.http, "asking"))["id"] for _ in range(3)]

        async with live.inside() as socket:
            (user,) = live.app.state.door.connections
            live.app.state.door.subscriptions[user] = SUBSCRIPTIONS - 2
            for run in runs:
                await say(socket, type="subscribe", run=run)
            told = await until(socket, "error")

        assert told[-1]["code"] == "rate_limited"

    async def test_another_tenant_sees_nothing(self, live: Live):
        """SECURITY 16: neither a run of ours, nor that the list has changed."""
        other = (await live.http.post("/v1/tenants", json={"name": "other"})).json()["id"]
        run = (await started(live.http, "asking"))["id"]

        async with live.inside(tenant=other) as socket:
            await say(socket, type="subscribe", run=run)
            assert (await heard(socket))["code"] == "not_found"
            await say(socket, type="subscribe", runs={})
            await until(socket, "subscribed")
            await live.http.post(f"/v1/runs/{run}/cancel")
            await say(socket, type="ping")
            assert (await heard(socket))["type"] == "pong"


class TestList:
    async def test_changes_of_the_list_are_told(self, live: Live):
        """Those that the filter takes."""
        async with live.inside() as socket:
            await say(socket, type="subscribe", runs={"labels": {"team": "blue"}, "status": ["succeeded"]})
            await until(socket, "subscribed")
            await started(live.http)
            blue = await started(live.http, labels={"team": "blue"})

            told = (await until(socket, "run"))[-1]

        assert (told["item"]["id"], told["item"]["status"]) == (blue["id"], "succeeded")


class TestTickets:
    def test_a_ticket_grows_old(self):
        """After half a minute it is worth nothing."""
        now = time.monotonic()
        door = Door(lambda: now)
        who = Principal("user", "ada", "Ada")
        ticket = door.ticket(who, "secret")

        now += 31

        assert door.take(ticket) is None
