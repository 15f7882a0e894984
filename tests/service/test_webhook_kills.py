"""A server that is killed while events are on their way to a webhook: none is lost, and each has one id."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from service.receiver import receiving
from service.test_trigger_kills import Place, ended, stop

DOCUMENT = {"flow": "work", "nodes": {"a": {"use": "set", "with": {"value": 1}}}, "output": "${a}"}
RUNS = 20


@pytest.fixture
def place(tmp_path: Path) -> Place:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "flows").mkdir()
    return Place(tmp_path, "none", "never", port)


@pytest.mark.parametrize("receiver", [pytest.param("up", marks=pytest.mark.nightly), "down"])
def test_what_ended_before_a_kill_is_sent_after_it(place: Place, receiver: str):
    """P15: killed between the end of runs and their sending, and, with the receiver down, between two attempts."""

    async def scene() -> None:
        async with receiving() as first:
            process = await asyncio.to_thread(place.start)
            hook = {"url": first.url, "types": ["run.succeeded"]}
            answer = await asyncio.to_thread(place.ask, "POST", "/v1/webhooks", json=hook)
            assert answer.status_code == 201, answer.text
            if receiver == "down":
                first.always = (500, {}, b"")
            runs = [
                (await asyncio.to_thread(place.ask, "POST", "/v1/runs?wait=10", json={"document": DOCUMENT})).json()
                for _ in range(RUNS)
            ]
            os.kill(process.pid, 9)
            await asyncio.to_thread(ended, process)

            first.always = (204, {}, b"")
            process = await asyncio.to_thread(place.start)
            try:
                async with asyncio.timeout(40):
                    while {each.event["correlationId"] for each in first.came} < {run["id"] for run in runs}:  # noqa: ASYNC110  requests come by themselves
                        await asyncio.sleep(0.05)
            finally:
                await asyncio.to_thread(stop, process)

            ids = {each.event["eventId"]: each.id for each in first.came}
            assert len(ids) == RUNS
            assert all(each.id == ids[each.event["eventId"]] for each in first.came)

    asyncio.run(scene())
