"""Flows and agents on a real server: folders that change, another process that publishes, and a server that is killed."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

YAML = {"Content-Type": "application/yaml"}
LECTOR = "---\nname: Lector\n---\nYou read.\n"
PATIENCE = 30.0  # seconds


def flow(name: str, value: object) -> str:
    return f"flow: {name}\nnodes:\n  a: {{use: set, with: {{value: {value}}}}}\noutput: ${{a}}\n"


@dataclass
class Server:
    """One data directory, a folder of flows and one of agents, served again and again."""

    folder: Path
    process: "subprocess.Popen[bytes] | None" = None
    client: httpx2.Client = field(default_factory=httpx2.Client)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def start(self) -> None:
        command = [sys.executable, "-m", "tenuto.cli", "up", "--port", "0", "--data", "data", "--flows", "flows"]
        command += ["--agents", "agents"]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        until(lambda: "ctrl-c stops" in self.log)
        url = next(word for word in self.log.split() if word.startswith("http://"))
        token = (self.folder / "data" / "token").read_text().strip()
        self.client = httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE)

    def command(self, *words: str) -> str:
        done = self.attempt(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def attempt(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "tenuto.cli", *words, "--data", "data"],
            cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE,
        )  # fmt: skip

    def output(self, name: str, stage: str | None = None) -> Any:
        body = {"flow": name, **({"stage": stage} if stage else {})}
        return self.client.post("/v1/runs?wait=20", json=body).json()["output"]

    def versions(self, name: str) -> list[int]:
        page = self.client.get(f"/v1/flows/{name}/versions", params={"limit": 500}).json()
        return [entry["version"] for entry in page["items"]]


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "flows").mkdir()
    (tmp_path / "agents" / "books").mkdir(parents=True)
    server = Server(tmp_path)
    yield server
    server.client.close()
    if server.process is not None and server.process.poll() is None:
        server.process.terminate()
        server.process.wait(PATIENCE)


def test_a_folder_is_followed_and_another_process_is_heard(server: Server):
    """A file that changes is a new version on `dev`; what the command line publishes holds on the server, too; a run that
    is on its way keeps the version that it began with. A broken file of an agent leaves the last good version. What a file
    owns is changed there and nowhere else."""
    agent = server.folder / "agents" / "books" / "reader.md"
    agent.write_text(LECTOR)
    file = server.folder / "flows" / "hello.yaml"
    waits = "flow: hello\nnodes:\n  a: {use: wait, with: {signal: go}}\noutput: ${a}\n"
    file.write_text(waits)
    server.start()
    run = server.client.post("/v1/runs", json={"flow": "hello"}).json()["id"]

    file.write_text(flow("hello", "changed"))
    agent.write_text(LECTOR.replace("read", "read aloud"))
    until(lambda: "flows/hello.yaml → version 2" in server.log)
    until(lambda: "agents/books/reader.md → version 2" in server.log)
    agent.write_text("---\nname: Lector\nbudget: none\n---\nBroken.")
    until(lambda: "reader.md:3:1: budget: wrong_type" in server.log)
    published = server.command("flows", "publish", "hello", "prod", "--version", "2")
    (server.folder / "other.yaml").write_text(flow("hello", "other"))
    saved = server.attempt("flows", "save", "other.yaml")
    until(lambda: server.output("hello", "prod") == "changed")
    server.client.post(f"/v1/runs/{run}/signals/go", json="as it was")
    until(lambda: server.client.get(f"/v1/runs/{run}").json()["status"] == "succeeded")

    assert published == "hello: version 2 is published to prod\n"
    assert server.client.get(f"/v1/runs/{run}").json()["output"] == "as it was"
    assert server.output("hello") == "changed"
    assert (saved.returncode, saved.stdout) == (2, "")
    assert saved.stderr == "error: `hello` comes from flows/hello.yaml\n  change it there\n"
    assert server.client.post("/v1/flows", content=flow("hello", 1), headers=YAML).status_code == 409
    lector = server.client.get("/v1/agents/lector").json()
    assert [lector[key] for key in ("prompt", "version", "team", "source")] == ["You read aloud.", 2, "books", "folder"]
    assert server.client.put("/v1/agents/lector", json={"prompt": "Mine."}).status_code == 409


def test_what_was_acknowledged_survives_a_kill(server: Server):
    """Versions without gaps, whatever was under way; what is published stays published."""
    server.start()
    for value in range(10):
        assert server.client.post("/v1/flows", content=flow("kept", value), headers=YAML).status_code == 201
    server.client.put("/v1/flows/kept/stages/prod", json={"version": 7}).raise_for_status()
    server.kill()
    server.start()

    assert server.versions("kept") == list(range(10, 0, -1))
    assert server.output("kept", "prod") == 6
    assert server.client.post("/v1/flows", content=flow("kept", 9), headers=YAML).status_code == 200
