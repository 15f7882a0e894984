"""The server under load, each figure with its reference from the same run: a durable start over HTTP and a look at a run
against an empty FastAPI POST on the same server; a run with 500 readers of its events against the same without; the time
until `tenuto up` answers, and what it takes when idle. Prints a table, and one JSON line last.

Needs nothing but Python packages: the load comes from one asyncio process that writes prepared bytes.
"""

import asyncio
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator
from pathlib import Path
from typing import Any

from tenuto.api.serve import loop_factory

FOLDER = Path(__file__).parent
ROUNDS = 3
SECONDS = 2.0
CONNECTIONS = 50
READERS = 500
NODES = 40  # of the run that is watched, one after the other
PAUSE = 0.02  # seconds that each of them takes
ONE = {"flow": "one", "nodes": {"a": {"use": "set", "with": {"value": 1}}}, "output": "${a}"}


class Asker(asyncio.Protocol):
    """One connection that asks the same again and again, and counts the answers."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._left = 0
        self._head = b""
        self.answers = 0
        self.statuses: set[bytes] = set()
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._left == 0:
            self._head += data
            head, found, rest = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            self.statuses.add(head[9:12])
            length = re.search(rb"(?i)content-length: (\d+)", head)
            self._head, self._left, data = b"", int(length[1]) if length else 0, rest
        self._left -= len(data)
        if self._left <= 0:
            self._left = 0
            self.answers += 1
            self._transport.write(self._request)


async def rate(port: int, request: bytes, status: bytes) -> float:
    """Answers in a second, over all connections."""
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: Asker(request), "127.0.0.1", port) for _ in range(CONNECTIONS)]
    askers = [asker for _, asker in made]
    await asyncio.sleep(SECONDS / 4)  # to get warm
    before, begun = sum(asker.answers for asker in askers), time.perf_counter()
    await asyncio.sleep(SECONDS)
    answers, took = sum(asker.answers for asker in askers) - before, time.perf_counter() - begun
    for transport, asker in made:
        transport.abort()
        if asker.statuses != {status}:
            sys.exit(f"answers were {asker.statuses}, not {status!r}")
    return answers / took


def request(method: str, path: str, token: str, body: object = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    if content:
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return head.encode() + b"\r\n" + content


@contextlib.contextmanager
def served(folder: Path) -> Generator[tuple[int, str]]:
    """Port and token of a server of its own."""
    command = [sys.executable, str(FOLDER / "service_app.py"), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        try:
            time.sleep(0.5)
            yield told["port"], told["token"]
        finally:
            process.terminate()


def ask(port: int, token: str, method: str, path: str, body: object = None) -> Any:
    content = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", content, headers, method=method)
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.load(answer)


async def rates(port: int, token: str) -> dict[str, float]:
    """Medians of rounds in turn, so that a busy moment hits all of them."""
    ask(port, token, "POST", "/v1/flows", ONE)
    run = ask(port, token, "POST", "/v1/runs?wait=5", {"flow": "one"})["id"]
    works = {
        "empty": (request("POST", "/empty", token, {"flow": "one"}), b"200"),
        "start": (request("POST", "/v1/runs", token, {"flow": "one"}), b"201"),
        "look": (request("GET", f"/v1/runs/{run}", token), b"200"),
    }
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, (asked, status) in works.items():
            found[name].append(await rate(port, asked, status))
    return {name: statistics.median(each) for name, each in found.items()}


async def read_events(port: int, token: str, run: str) -> int:
    """All events of a run, as they come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        request("GET", f"/v1/runs/{run}/events", token).replace(b"\r\n\r\n", b"\r\nAccept: text/event-stream\r\n\r\n")
    )
    events = 0
    while line := await reader.readline():
        events += line.startswith(b"id:")
        if line.startswith(b"event: run.succeeded"):
            break
    writer.close()
    return events


async def watched(port: int, token: str, readers: int) -> float:
    """Seconds that the run took, from its start to its end as it says itself."""
    nodes: dict[str, Any] = {"go": {"use": "wait", "with": {"signal": "go"}}}
    for each in range(NODES):
        after = f"n{each - 1}" if each else "go"
        nodes[f"n{each}"] = {"use": "debug.sleep", "after": [after], "with": {"seconds": PAUSE}}
    document = {"flow": "watched", "nodes": nodes}
    run = (await asyncio.to_thread(ask, port, token, "POST", "/v1/runs", {"document": document}))["id"]
    reading = [asyncio.create_task(read_events(port, token, run)) for _ in range(readers)]
    await asyncio.sleep(2.0 if readers else 0.2)
    begun = time.perf_counter()
    await asyncio.to_thread(ask, port, token, "POST", f"/v1/runs/{run}/signals/go", {})
    if readers:
        counts = await asyncio.gather(*reading)
        if min(counts) != max(counts):
            sys.exit(f"some readers saw {min(counts)} events, others {max(counts)}")
    while True:
        view = await asyncio.to_thread(ask, port, token, "GET", f"/v1/runs/{run}")
        if view["status"] == "succeeded":
            break
        await asyncio.sleep(0.05)
        if time.perf_counter() - begun > 120:
            sys.exit("the run that is watched does not end")
    ends = [node["ended_at"] for node in view["nodes"].values()]
    return seconds_of(max(ends)) - seconds_of(view["nodes"]["go"]["ended_at"])


def seconds_of(moment: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(moment).timestamp()


def up(folder: Path) -> tuple[float, float]:
    """Seconds until `tenuto up` answers (the second start counts), and megabytes that it takes after a rest."""
    took, megabytes = 0.0, 0.0
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(2):
        begun = time.perf_counter()
        command = [sys.executable, "-m", "tenuto.cli", "up", "--port", "0", "--data", str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            printed = ""
            while "ctrl-c" not in printed:
                printed += process.stdout.readline()
            port = re.search(r"API +http://127.0.0.1:(\d+)", printed)
            assert port is not None
            with urllib.request.urlopen(f"http://127.0.0.1:{port[1]}/health/live", timeout=10):
                took = time.perf_counter() - begun
            time.sleep(2)
            status = Path(f"/proc/{process.pid}/status")
            resident = re.search(r"VmRSS:\s+(\d+)", status.read_text()) if status.exists() else None
            megabytes = int(resident[1]) / 1024 if resident else 0.0
            process.terminate()
    return took, megabytes


async def measure() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with served(folder / "load") as (port, token):
            figures = await rates(port, token)
            alone = statistics.median([await watched(port, token, 0) for _ in range(ROUNDS)])
            crowded = statistics.median([await watched(port, token, READERS) for _ in range(ROUNDS)])
        healthy, megabytes = up(folder / "idle")
    return {
        **{f"{name}_s": round(value, 1) for name, value in figures.items()},
        "start_ratio": round(figures["start"] / figures["empty"], 3),
        "look_ratio": round(figures["look"] / figures["empty"], 3),
        "watched_alone_s": round(alone, 3),
        "watched_by_500_s": round(crowded, 3),
        "healthy_s": round(healthy, 2),
        "idle_mb": round(megabytes, 1),
    }


def table(found: dict[str, float]) -> str:
    slower = found["watched_by_500_s"] / found["watched_alone_s"] - 1
    rows = [
        ("an empty FastAPI POST", f"{found['empty_s']:,.0f}/s", "", True),
        (
            "a durable start",
            f"{found['start_s']:,.0f}/s",
            f"{found['start_ratio']:.0%}, bar 40%",
            found["start_ratio"] >= 0.4,
        ),
        (
            "a look at a run",
            f"{found['look_s']:,.0f}/s",
            f"{found['look_ratio']:.0%}, bar 50%",
            found["look_ratio"] >= 0.5,
        ),
        ("a run with 500 readers", f"{found['watched_by_500_s']:.2f} s", f"{slower:+.0%}, bar +10%", slower <= 0.1),
        ("tenuto up to healthy", f"{found['healthy_s']:.2f} s", "bar 2 s", found["healthy_s"] <= 2),
        ("idle", f"{found['idle_mb']:.0f} MB", "bar 150 MB", found["idle_mb"] <= 150),
    ]
    return "\n".join(
        f"  {name:<26}{figure:>12}   {bar:<16}{'' if not bar else 'met' if met else 'MISSED'}"
        for name, figure, bar, met in rows
    )


def main() -> None:
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        found = runner.run(measure())
    print("\nthe server")
    print(table(found))
    print(json.dumps({"measure": "service", **found}))


if __name__ == "__main__":
    main()
