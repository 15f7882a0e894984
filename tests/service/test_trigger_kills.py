"""A server that is killed between taking a request, a tick or an event and starting its run: nothing is lost, nothing twice."""

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

PATIENCE = 45.0  # seconds: other tests may run beside the server
PLAIN: Any = {"timeout": PATIENCE, "verify": False}  # no TLS is spoken; to read all certificates takes 20 ms each time
SCRIPT = Path(__file__).with_name("killed_server.py")
FLOWS = {
    "http": 'flow: hooked\ntriggers: [{http: {path: "/h/{id}", auth: none, key: "${trigger.params.id}"}}]\n',
    "cron": 'flow: ticking\ntriggers: [{cron: "* * * * * *"}]\n',
    "event": "flow: listening\ntriggers: [{event: {type: order.created}}]\n",
}
EVENT = {"type": "order.created", "id": "e-1", "payload": {"n": 1}}
NODES = 'nodes: {a: {use: set, with: {value: "${trigger}"}}}\noutput: ${a}\n'


@dataclass
class Place:
    """A server of one kind of trigger, started again and again on one directory."""

    folder: Path
    kind: str
    when: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(SCRIPT), self.kind, self.when, "up", "--port", str(self.port)]
        more = ["--data", str(self.folder / "data"), "--flows", str(self.folder / "flows")]
        environment = {**os.environ, "KILL_ONCE": str(self.folder / "armed"), "TENUTO_HTTP_ALLOW": "127.0.0.1/32"}
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen([*command, *more], env=environment, stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and process.poll() is None:
            try:
                if httpx2.get(f"{self.url}/health/live", **PLAIN).status_code == 200:
                    break
            except httpx2.TransportError:
                time.sleep(0.05)
        return process

    def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        token = (self.folder / "data" / "token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        return httpx2.request(method, self.url + path, headers=headers, **PLAIN, **more)

    def runs(self) -> list[dict[str, Any]]:
        """Of the flow with the trigger, once all of them have ended."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            items = self.ask("GET", "/v1/runs?limit=500").json()["items"]
            if items and all(item["status"] == "succeeded" for item in items):
                return [self.ask("GET", f"/v1/runs/{item['id']}").json() for item in items]
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())


def killed(kind: str, *, now: str, nightly: str) -> list[Any]:
    """Both moments; each start of a server takes a second or two, so one of them waits for the night."""
    return [pytest.param((kind, now), id=now), pytest.param((kind, nightly), id=nightly, marks=pytest.mark.nightly)]


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    kind, when = request.param
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / f"{kind}.yaml").write_text(FLOWS[kind] + NODES)
    (tmp_path / "armed").touch()
    return Place(tmp_path, kind, when, port)


def ended(process: subprocess.Popen[bytes]) -> None:
    """It was killed, by itself."""
    assert process.wait(PATIENCE) == -9


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(PATIENCE)


@pytest.mark.parametrize("place", killed("http", now="before", nightly="after"), indirect=True)
def test_a_request_that_is_sent_again_is_one_run(place: Place):
    process = place.start()
    with pytest.raises(httpx2.TransportError):
        httpx2.post(f"{place.url}/hooks/default/dev/h/5", **PLAIN)
    ended(process)

    process = place.start()
    answers = [httpx2.post(f"{place.url}/hooks/default/dev/h/5", **PLAIN) for _ in range(2)]
    runs = place.runs()
    stop(process)

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [run["id"] for run in runs] == [answers[0].json()["id"]]


@pytest.mark.parametrize("place", killed("cron", now="after", nightly="before"), indirect=True)
def test_a_tick_is_one_run(place: Place):
    ended(place.start())

    process = place.start()
    time.sleep(2.5)
    ticks = Counter(run["output"]["time"] for run in place.runs())
    stop(process)

    assert len(ticks) >= 2
    assert set(ticks.values()) == {1}


@pytest.mark.parametrize("place", killed("event", now="before", nightly="after"), indirect=True)
def test_an_event_that_was_taken_starts_its_run_without_being_told_again(place: Place):
    """P15."""
    process = place.start()
    with suppress(httpx2.TransportError):  # it may die before its answer has left
        assert place.ask("POST", "/v1/events", json=EVENT).status_code == 202
    ended(process)

    process = place.start()
    (run,) = place.runs()
    again = place.ask("POST", "/v1/events", json=EVENT)
    time.sleep(0.3)
    runs = place.runs()
    stop(process)

    assert (again.status_code, len(runs)) == (200, 1)
    assert run["output"]["event"]["payload"] == {"n": 1}


@pytest.mark.parametrize("place", [("http", "never")], indirect=True, ids=str)
def test_a_flow_that_calls_its_own_hook_comes_to_an_end(place: Place):
    """SECURITY 91: the first run and eight that it led to; the next request is refused."""
    (place.folder / "armed").unlink()
    call = f"{{use: http.request, with: {{method: POST, url: '{place.url}/hooks/default/dev/loop', ok: 508}}}}"
    text = "flow: loop\ntriggers: [{http: {path: /loop, auth: none, respond: result}}]\n"
    (place.folder / "flows" / "loop.yaml").write_text(f"{text}nodes: {{a: {call}}}\noutput: ${{a.status}}\n")
    process = place.start()

    answer = httpx2.post(f"{place.url}/hooks/default/dev/loop", **PLAIN)
    runs = place.runs()
    stop(process)

    assert answer.status_code == 200
    assert len(runs) == 9
    assert Counter(run["output"] for run in runs) == {200: 8, 508: 1}
