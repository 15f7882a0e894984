"""A run's trace: from the request that started it to what its nodes asked, across a restart of the server."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.frame import asking
from tenuto.api.app import create_app
from tenuto.bootstrap.server import open_server
from tenuto.bootstrap.tracing import wanted
from tenuto.sdk.http.addresses import parse_networks
from tenuto.service import trace_ids
from tenuto.service.platform import Platform
from tenuto.service.spans import Spans
from tenuto.settings import Settings

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@asynccontextmanager
async def traced(data: Path, exporter: InMemorySpanExporter) -> AsyncGenerator[tuple[Platform, httpx2.AsyncClient]]:
    """A server whose spans are kept in memory; all that was recorded has been told when the block is left."""
    settings = Settings(data=data, http_allow=parse_networks("127.0.0.1/32"))
    async with open_server(settings) as server, asking(create_app(server.platform, settings)) as client:
        server.platform.spans = Spans(SimpleSpanProcessor(exporter))
        server.platform.telemetry.sinks.append(server.platform.spans)
        client.headers["Authorization"] = f"Bearer {server.token}"
        _ = [recovered async for recovered in server.engine.recover()]
        yield server.platform, client
        server.platform.telemetry.play()


@asynccontextmanager
async def listening(heard: list[str]) -> AsyncGenerator[int]:
    """A server that notes the headers of what it is asked."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def named(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    return next(span for span in exporter.get_finished_spans() if span.name == name)


def attempt_of(span: ReadableSpan) -> int:
    found = (span.attributes or {})["tenuto.attempt"]
    assert isinstance(found, int)
    return found


async def test_a_run_is_one_trace_across_a_restart(tmp_path: Path):
    """The request above the run, the run above its nodes, the node's own span in what it asks."""
    exporter, heard = InMemorySpanExporter(), list[str]()
    async with listening(heard) as port:
        nodes: dict[str, Any] = {
            "ask": {"use": "http.request", "with": {"url": f"http://127.0.0.1:{port}/"}},
            "wait": {"use": "wait", "after": ["ask"], "with": {"signal": "go"}},
            "last": {"use": "debug.echo", "with": {"value": "${wait}"}},
        }
        async with traced(tmp_path, exporter) as (platform, client):
            body = {"document": {"flow": "traced", "nodes": nodes}}
            run = (await client.post("/v1/runs", json=body, headers={"traceparent": CALLER})).json()["id"]
            await platform.engine.outcome(run, until=frozenset({"waiting"}))
        async with traced(tmp_path, exporter) as (platform, client):
            await client.post(f"/v1/runs/{run}/signals/go", json="on")
            await asyncio.wait_for(platform.engine.outcome(run), 10)

    asked, root, ask, last = (named(exporter, name) for name in ("POST /v1/runs", "traced", "ask", "last"))
    contexts = [span.get_span_context() for span in (asked, root, ask, last)]
    assert None not in contexts
    assert len({context.trace_id for context in contexts if context}) == 1
    assert root.parent is not None
    assert root.parent == contexts[0]
    assert ask.parent == last.parent == contexts[1]
    assert f"traceparent: {trace_ids.header_of(run, 'ask')}".lower() in heard[0].lower()
    assert trace_ids.span_of(run, "ask") == (contexts[2].trace_id, contexts[2].span_id) if contexts[2] else False
    assert [link.context.trace_id for link in asked.links] == [int(CALLER[3:35], 16)]


async def test_what_failed_says_so_and_attempts_lie_within_their_node(tmp_path: Path):
    """Without the message: it may hold what is nobody's business."""
    exporter = InMemorySpanExporter()
    fail = {"use": "debug.fail", "with": {"message": "hunter2"}, "retry": {"attempts": 2, "delay": "1ms"}}
    async with traced(tmp_path, exporter) as (_, client):
        body = {"document": {"flow": "failing", "nodes": {"a": fail}}}
        assert (await client.post("/v1/runs?wait=5", json=body)).json()["status"] == "failed"

    spans = [span for span in exporter.get_finished_spans() if span.name == "a"]
    assert sorted(map(attempt_of, spans)) == [1, 2]
    assert all(not span.status.is_ok for span in spans)
    inner, outer = sorted(spans, key=attempt_of)
    assert inner.parent == outer.get_span_context()
    assert "hunter2" not in "".join(span.to_json() for span in exporter.get_finished_spans())


@pytest.mark.parametrize(
    "header", [None, "", "x", CALLER + "0", CALLER.upper(), "00-" + "0" * 32 + "-" + "0" * 16 + "-01"]
)
def test_a_header_that_makes_no_sense_is_none(header: str | None):
    """Nobody is sent away for it."""
    assert trace_ids.read(header) is None


def test_ids_of_alike_runs_and_paths_differ():
    """And are the same each time."""
    spans = [
        *(trace_ids.span_of(run, path) for run, path in [("a", "b"), ("ab", ""), ("a", ""), ("a", "b1")]),
        *(trace_ids.span_of("a", "b", attempt) for attempt in (1, 11)),
    ]

    assert len(set(spans)) == len(spans)
    assert trace_ids.span_of("a", "b") == trace_ids.span_of("a", "b")


def test_traces_are_made_where_a_variable_names_a_place():
    """And nowhere else: they cost what they cost."""
    assert wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"})
    assert not wanted({})
    assert not wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTEL_SDK_DISABLED": "true"})
