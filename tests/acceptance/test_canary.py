"""SECURITY 60: a secret that flows use is found nowhere but where it was sent on purpose.

A real server is told secrets, over HTTP and by its environment; flows send them to a service outside, and gossip about
them wherever a node can speak. Then everything is searched: each file of the data directory, a backup, an export, the
whole traffic with clients, what the server printed. The only place that may know them is that service.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from acceptance.canary import Canary, files_below, unpacked

NODES = '''
import base64
from urllib.parse import quote
from tenuto.sdk import Context, NodeError, node

@node("gossip.everywhere", secrets=["OWN"])
async def everywhere(token: str, deep: dict, *, ctx: Context) -> dict:
    """Says what it was given wherever it can."""
    own = ctx.secret("OWN")
    for number, text in enumerate((token, own, deep["list"][0])):
        ctx.log(f"using {text}", token=text, quoted=quote(text, safe=""))
        ctx.stream({"delta": text})
        await ctx.step(f"s{number}", lambda value: {"sent": value}, text)
    coded = base64.b64encode(f"user:{token}".encode()).decode()
    return {token: [token, own, coded, quote(token), f"x{own}y", deep, token.encode().hex()]}

@node("gossip.fails")
async def fails(token: str, *, kind: str = "error") -> str:
    """Fails, and says why at length."""
    if kind == "bug":
        return {}[token]
    raise NodeError(f"the service refused {token!r}", type="refused", retry=False)
'''

FLOW = """
flow: gossip
input: {sink: string, wait: {type: number, default: 0}}
nodes:
  slow: {use: debug.sleep, with: {seconds: "${input.wait}"}}
  call:
    use: http.request
    with:
      method: POST
      url: "${input.sink}/given"
      headers: {Authorization: "Bearer ${secrets.TOKEN}", X-Own: "${secrets.ENVIRONMENT}"}
      body: {key: "${secrets.TOKEN}"}
  tell: {use: gossip.everywhere, after: [slow], with: {token: "${secrets.TOKEN}", deep: {list: ["${secrets.ENVIRONMENT}"]}}}
  echo: {use: debug.echo, with: {value: {a: "${secrets.TOKEN}", b: "pre-${secrets.ENVIRONMENT}-post"}}}
  refused: {use: gossip.fails, with: {token: "${secrets.TOKEN}"}, on_error: continue}
  broken: {use: gossip.fails, with: {token: "${secrets.TOKEN}", kind: bug}, on_error: continue}
  again: {use: debug.echo, after: [tell, call], with: {value: "${tell}"}}
output: {tell: "${tell}", echo: "${echo}", call: "${call.body}"}
"""
FAILS = """
flow: fails
nodes: {a: {use: gossip.fails, with: {token: "${secrets.TOKEN}"}}}
"""
HOOKED = """
flow: hooked
triggers: [{http: {path: /hooked, auth: {signature: github, secret: TOKEN}}}]
nodes: {a: {use: set, with: {value: "${trigger.headers}"}}}
"""


class Sink:
    """The service outside: answers with what it was sent, as gossiping services do."""

    def __init__(self) -> None:
        self.got = b""
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator["Sink"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return  # connected, and thought better of it
        length = next(
            int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-length")
        )
        body = await reader.readexactly(length)
        self.got += head + body
        answer = b'{"you sent": ' + body + b"}"
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(answer), answer)
        )
        await writer.drain()
        writer.close()


class Tap:
    """A client that keeps every byte that it was sent."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.heard: dict[str, bytes] = {}

    async def __call__(self, method: str, url: str, status: int | None = None, **more: Any) -> Any:
        answer = await self.client.request(method, url, **more)
        said = f"{method} {url} {answer.status_code}"
        self.heard[f"{said} ({len(self.heard)})"] = answer.content
        self.heard[f"{said}, headers"] = repr(answer.headers).encode()
        assert status is None or answer.status_code == status, answer.text
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text


@asynccontextmanager
async def server(folder: Path, environment: dict[str, str]) -> AsyncGenerator[Tap]:
    """`tenuto up` in a process of its own; what it printed is in `printed` in the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "printed").open("ab") as printed:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tenuto.cli", "up", "--port", str(port),
            cwd=folder, stdout=printed, stderr=printed, env={**os.environ, **environment},
        )  # fmt: skip
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            await _answers(client, process, folder)
            client.headers["Authorization"] = f"Bearer {(folder / '.tenuto' / 'token').read_text().strip()}"
            yield Tap(client)
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)


async def _answers(client: httpx2.AsyncClient, process: asyncio.subprocess.Process, folder: Path) -> None:
    for _ in range(400):
        assert process.returncode is None, (folder / "printed").read_text()
        try:
            if (await client.get("/health/live")).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        await asyncio.sleep(0.05)
    raise AssertionError((folder / "printed").read_text())


async def use(tap: Tap, sink: Sink, told: Canary) -> None:
    """Set the secret, and use it in every way that there is."""
    await tap("PUT", "/v1/secrets/TOKEN", 201, json={"value": told.value})
    await tap("PUT", "/v1/secrets/OWN?stage=dev", 201, json={"value": told.value})
    for wrong in ({"value": [told.value]}, {"value": told.value, "more": told.value}, told.value):
        await tap("PUT", "/v1/secrets/TOKEN", 422, json=wrong)
    for text in (FLOW, FAILS, HOOKED):
        await tap("POST", "/v1/flows", 201, content=text, headers={"content-type": "application/yaml"})
    for name in ("gossip", "hooked"):
        await tap("PUT", f"/v1/flows/{name}/stages/dev", 200, json={"version": 1})
    run = await tap("POST", "/v1/runs?wait=15", 201, json={"flow": "gossip", "input": {"sink": sink.url}})
    assert run["status"] == "succeeded", run["error"]
    failed = await tap("POST", "/v1/runs?wait=15", 201, json={"flow": "fails"})
    assert failed["status"] == "failed", failed["error"]
    forked = await tap("POST", f"/v1/runs/{run['id']}/fork", None, json={"at": "call"})
    await tap("POST", f"/v1/runs/{failed['id']}/retry", None, json={})
    await tap("POST", "/hooks/default/dev/hooked", None, json={"a": 1}, headers={"X-Hub-Signature-256": "sha256=00"})
    live = await tap("POST", "/v1/runs", 201, json={"flow": "gossip", "input": {"sink": sink.url, "wait": 0.5}})
    streamed = await tap("GET", f"/v1/runs/{live['id']}/events", 200, headers={"Accept": "text/event-stream"})
    assert "event: delta" in streamed
    await look(tap, [run["id"], failed["id"], forked["id"]])


async def look(tap: Tap, runs: list[str]) -> None:
    """Ask for everything that tells of it."""
    for run in runs:
        await tap("GET", f"/v1/runs/{run}", 200)
        await tap("GET", f"/v1/runs/{run}/events", 200)
        await tap("GET", f"/v1/runs/{run}/logs")
    await tap("GET", f"/v1/runs/{runs[0]}/diff/{runs[2]}")
    for url in (
        "/v1/secrets", "/v1/variables", "/v1/runs", "/v1/flows/gossip", "/v1/flows/gossip/export", "/v1/audit",
        "/metrics", "/health", "/openapi.json", "/v1/nodes/gossip.everywhere", "/v1/schedules",
    ):  # fmt: skip
        await tap("GET", url)


async def test_a_secret_is_found_nowhere_but_where_it_was_sent(tmp_path: Path) -> None:
    told, environment = Canary("told"), Canary("environment")
    (tmp_path / "nodes").mkdir()
    (tmp_path / "nodes" / "gossip.py").write_text(NODES)
    given = {"TENUTO_SECRET_ENVIRONMENT": environment.value, "TENUTO_HTTP_ALLOW": "127.0.0.1/32"}

    async with Sink().serving() as sink, server(tmp_path, given) as tap:
        await asyncio.wait_for(use(tap, sink, told), 60)
        backup = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tenuto.cli",
            "backup",
            "backup.tenuto",
            cwd=tmp_path,
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert await backup.wait() == 0
        running = dict(files_below(tmp_path))
    stopped = dict(files_below(tmp_path))

    assert told.seen_in(sink.got), "the secret was never used, so this test shows nothing"
    assert environment.seen_in(sink.got)
    places = {
        **{f"{name}, while it ran": content for name, content in running.items()},
        **{f"{name}, afterwards": content for name, content in stopped.items()},
        **{f"the answer to {said}": content for said, content in tap.heard.items()},
    }
    assert [f for f in ("printed", ".tenuto/store.db", ".tenuto/journal.db", "backup.tenuto") if f not in stopped] == []
    leaks = {
        f"{place}: {form}"
        for canary in (told, environment)
        for place, content in places.items()
        for form in canary.seen_in(unpacked(content))
    }
    assert leaks == set()
    recorded = stopped[".tenuto/journal.db"] + stopped.get(".tenuto/journal.db-wal", b"")
    assert b"[secret:TOKEN]" in recorded
