"""Traces for OpenTelemetry, made in the background from what was recorded: a run, its nodes, their attempts and steps.

A node's requests carry its span (`service.trace_ids`), so what it asked hangs below it. The request that started a run is
its root's parent; where that came with a trace of its own, the two are linked. A called run has a trace of its own, linked
to its caller's.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from tenuto.core.events import TERMINAL as ENDS
from tenuto.core.events import Fact, NodeFailed, NodeRetrying, NodeSucceeded, RunQueued, StepRecorded
from tenuto.ports.journal import RunEntry
from tenuto.service import trace_ids
from tenuto.service.trace_ids import SpanId, span_of

API: Final = "\0api"  # no node's path
_NANO: Final = 1_000_000_000

Attributes = Mapping[str, Any]


class Processor(Protocol):
    """Where spans go: a `SpanProcessor` of the SDK."""

    def on_end(self, span: ReadableSpan) -> None: ...


class Spans:
    """A `telemetry.Sink`."""

    def __init__(self, processor: Processor, resource: Resource | None = None) -> None:
        self._processor = processor
        self._resource = resource or Resource.create({"service.name": "tenuto"})
        self._scope = InstrumentationScope("tenuto")
        self._asked: dict[str, SpanId | None] = {}  # run → the trace in which it was asked for, until it ends

    def request(self, run: str, route: str, begun: float, ended: float, header: str | None) -> None:
        """The request that started the run."""
        attributes = {"http.request.method": "POST", "http.route": route, "tenuto.run": run}
        links = _links(trace_ids.read(header))
        self._end(span_of(run, API), f"POST {route}", None, begun, ended, attributes, links=links, kind=SpanKind.SERVER)

    def fold(self, entry: RunEntry, first: int, facts: Sequence[Fact]) -> None:
        del first
        for fact in facts:
            if isinstance(fact, RunQueued):
                self._asked[entry.id] = _asked_in(fact)
            elif isinstance(fact, NodeSucceeded | NodeFailed | NodeRetrying):
                self._node(entry, fact)
            elif isinstance(fact, StepRecorded):
                self._step(entry, fact)
            elif fact.type in ENDS:
                self._run(entry, fact)

    def _node(self, entry: RunEntry, fact: NodeSucceeded | NodeFailed | NodeRetrying) -> None:
        again = isinstance(fact, NodeRetrying)
        own = span_of(entry.id, fact.path, fact.attempt if again else None)
        above = span_of(entry.id, fact.path) if again else span_of(entry.id, _container(fact.path))
        attributes: dict[str, Any] = {**_of(entry), "tenuto.path": fact.path, "tenuto.attempt": fact.attempt}
        error = None
        if isinstance(fact, NodeSucceeded):
            attributes["tenuto.port"] = fact.port
        else:
            error = str(fact.error.get("type", "error"))
        begun = fact.at if fact.started_at is None else fact.started_at
        self._end(own, fact.path, above, begun, fact.at, attributes, error=error)

    def _step(self, entry: RunEntry, fact: StepRecorded) -> None:
        begun = fact.at if fact.started_at is None else fact.started_at
        attributes = {**_of(entry), "tenuto.path": fact.path, "tenuto.step": fact.key}
        own = span_of(entry.id, f"{fact.path}\0{fact.key}")
        self._end(own, fact.key, span_of(entry.id, fact.path), begun, fact.at, attributes)

    def _run(self, entry: RunEntry, fact: Fact) -> None:
        error = None if entry.status == "succeeded" else entry.status
        called = None if entry.parent is None else span_of(entry.parent)
        links = _links(self._asked.pop(entry.id, None), called)
        attributes = {**_of(entry), "tenuto.status": entry.status}
        above = span_of(entry.id, API) if entry.parent is None else None
        self._end(span_of(entry.id), entry.flow, above, entry.created_at, fact.at, attributes, error=error, links=links)

    def _end(
        self,
        own: SpanId,
        name: str,
        parent: SpanId | None,
        begun: float,
        ended: float,
        attributes: Attributes,
        *,
        error: str | None = None,
        links: Sequence[Link] = (),
        kind: SpanKind = SpanKind.INTERNAL,
    ) -> None:
        span = ReadableSpan(
            name=name,
            context=_context(own),
            parent=None if parent is None else _context(parent),
            resource=self._resource,
            attributes=attributes,
            links=links,
            kind=kind,
            status=Status(StatusCode.UNSET) if error is None else Status(StatusCode.ERROR, error),
            start_time=int(begun * _NANO),
            end_time=int(max(ended, begun) * _NANO),
            instrumentation_scope=self._scope,
        )
        self._processor.on_end(span)


def _of(entry: RunEntry) -> dict[str, Any]:
    return {
        "tenuto.run": entry.id,
        "tenuto.run.name": entry.name,
        "tenuto.flow": entry.flow,
        "tenuto.tenant": entry.tenant,
        "tenuto.stage": entry.stage,
    }


def _container(path: str) -> str:
    """The node that this one stands in; "" for the run."""
    above, _, _ = path.rpartition(".")
    return above.rpartition("[")[0] if above.endswith("]") else above


def _context(span: SpanId) -> SpanContext:
    return SpanContext(span.trace, span.span, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _links(*spans: SpanId | None) -> list[Link]:
    return [Link(_context(span)) for span in spans if span is not None]


def _asked_in(fact: RunQueued) -> SpanId | None:
    said = (fact.trigger or {}).get(trace_ids.HEADER)
    return trace_ids.read(said) if isinstance(said, str) else None
