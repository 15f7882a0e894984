"""P13, R20: a server that is told to stop takes no new work, ends in time, and costs nobody anything."""

import signal
import threading
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from acceptance.process import Up, spawn, until, up

SLEEPS = {"flow": "sleeps", "nodes": {"a": {"use": "debug.sleep", "with": {"seconds": 4}}}, "output": "done"}
WAITS = {"flow": "waits", "nodes": {"a": {"use": "wait", "with": {"signal": "go"}}}, "output": "${a}"}
QUICK = {"TENUTO_SHUTDOWN": "0.5s", "TENUTO_GRACE": "2s"}


def start(server: Up, document: dict[str, Any]) -> str:
    answer = server.client.post("/v1/runs", json={"document": document})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_a_hundred_nodes_in_flight_are_handed_back(tmp_path: Path):
    """Exit 0 in time, no attempt counted as failed, and the next server brings all of them to their end."""
    with up(tmp_path, **QUICK) as server:
        runs = [start(server, SLEEPS) for _ in range(100)]
        code, took = server.stopped(signal.SIGTERM)

    with up(tmp_path, **QUICK) as server:
        until(lambda: all(server.client.get(f"/v1/runs/{run}").json()["status"] == "succeeded" for run in runs))
        attempts = {server.client.get(f"/v1/runs/{run}").json()["nodes"]["a"]["attempts"] for run in runs}
        facts = {
            fact["type"] for run in runs[:5] for fact in server.client.get(f"/v1/runs/{run}/events").json()["items"]
        }
        printed = server.printed

    assert code == 0
    assert took < 25
    assert attempts == {1}
    assert facts.isdisjoint({"node.failed", "node.retrying"})
    assert printed.count("↻ resumed") + printed.count("-> resumed") == 100


def test_a_stream_ends_where_it_can_go_on(tmp_path: Path):
    """A reader of events gets the end of its answer, not a broken one, and goes on from the last id."""
    seen: list[str] = []
    ended: list[BaseException | None] = []

    def read(server: Up, run: str) -> None:
        try:
            with server.client.stream(
                "GET", f"/v1/runs/{run}/events", headers={"Accept": "text/event-stream"}
            ) as answer:
                seen.extend(line for line in answer.iter_lines() if line.startswith("id:"))
            ended.append(None)
        except httpx2.HTTPError as error:
            ended.append(error)

    with up(tmp_path, **QUICK) as server:
        run = start(server, WAITS)
        reader = threading.Thread(target=read, args=(server, run))
        reader.start()
        until(lambda: bool(seen))
        code, took = server.stopped(signal.SIGTERM)
        reader.join(10)
    with up(tmp_path, **QUICK) as server:
        server.client.post(f"/v1/runs/{run}/signals/go", json=1)
        headers = {"Accept": "text/event-stream", "Last-Event-ID": seen[-1].removeprefix("id:").strip()}
        with server.client.stream("GET", f"/v1/runs/{run}/events", headers=headers) as answer:
            seen.extend(line for line in answer.iter_lines() if line.startswith("id:"))

    numbers = [int(line.removeprefix("id:")) for line in seen]
    assert (code, ended) == (0, [None])
    assert took < 10
    assert numbers == list(range(1, len(numbers) + 1))


def test_after_the_signal_nothing_new_begins(tmp_path: Path):
    """Within a second a start is refused, in words or by a closed door."""
    with up(tmp_path, TENUTO_SHUTDOWN="3s") as server:
        start(server, SLEEPS)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        try:
            status = server.client.post("/v1/runs", json={"document": WAITS}).status_code
        except httpx2.HTTPError:
            status = 0
        code = server.process.wait(30)

    assert status in {0, 503}
    assert code == 0


def test_told_twice_it_ends_at_once(tmp_path: Path):
    """And what was acknowledged is there."""
    with up(tmp_path, TENUTO_SHUTDOWN="30s") as server:
        run = start(server, {**SLEEPS, "nodes": {"a": {"use": "debug.sleep", "with": {"seconds": 60}}}})
        server.process.send_signal(signal.SIGTERM)
        until(lambda: "stopping" in server.printed)
        code, took = server.stopped(signal.SIGTERM)
    with up(tmp_path, **QUICK) as server:
        status = server.client.get(f"/v1/runs/{run}").json()["status"]

    assert code == 128 + signal.SIGTERM
    assert took < 2
    assert status == "running"


@pytest.mark.parametrize(
    "after", [0.6, *(pytest.param(each / 10, marks=pytest.mark.nightly) for each in (1, 3, 9, 12, 15, 20))]
)
def test_told_while_it_starts_it_leaves_the_directory_in_order(tmp_path: Path, after: float):
    """Whenever it comes; the next start works."""
    process = spawn(tmp_path, tmp_path / "early.log", **QUICK)
    time.sleep(after)
    process.send_signal(signal.SIGTERM)
    code = process.wait(30)

    with up(tmp_path, **QUICK) as server:
        answer = server.client.get("/health/ready").status_code

    assert code in {0, -signal.SIGTERM}, (tmp_path / "early.log").read_text()  # before it listens to signals: -15
    assert answer == 200
