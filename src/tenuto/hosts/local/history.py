"""Reading runs back: facts out of rows, flows out of documents, states out of facts, and what an origin offers."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from tenuto.core.events import Fact, RunQueued
from tenuto.core.flow import Flow, canonical_text, read
from tenuto.core.machine import About, Origin, State, about_of, evolve, new_state, origin_of
from tenuto.ports.blobs import Blobs
from tenuto.ports.codec import references
from tenuto.ports.journal import Damaged, Journal, Row, RunEntry, RunQuery
from tenuto.service.aside import FACT, aside
from tenuto.service.read_back import read_back
from tenuto.service.weighed import Weighed


class Unreadable(Exception):
    """A stored document makes no flow any more: this program is not the one that wrote it."""


@dataclass(slots=True)
class Loaded:
    """A run as its journal has it."""

    state: State
    entry: RunEntry


class History:
    """Flows are kept by hash and shared by all runs of them."""

    def __init__(self, journal: Journal, blobs: Blobs) -> None:
        self._journal = journal
        self._blobs = blobs
        self._flows: Weighed[tuple[Flow, bytes]] = Weighed()

    # --- flows

    async def document(self, flow: Flow) -> bytes:
        """The content that the hash of the flow names."""
        known = self._flows.get(flow.hash)
        if known is None:
            known = flow, await aside(flow.size, _content, flow)
            self._flows.keep(flow.hash, flow.size, known)
        return known[1]

    async def flow(self, digest: str) -> Flow:
        """The flow of a stored document. `Unreadable`, or what the blob store raises."""
        known = self._flows.get(digest)
        if known is not None:
            return known[0]
        content = await self._blobs.get(digest)
        flow = await aside(len(content), _read, content)
        self._flows.keep(digest, len(content), (flow, content))
        return flow

    # --- runs

    async def entry(self, run: str) -> RunEntry | None:
        """The run's line in the index, by its whole id."""
        found = await self._journal.runs(RunQuery(name=run))
        return next((entry for entry in found if entry.id == run), None)

    async def facts(self, run: str, after: int = 0) -> list[tuple[int, Fact]]:
        rows = await self._journal.read(run, after)
        return await read_back(rows, await self._large_values(rows))

    async def _large_values(self, rows: Iterable[Row]) -> Mapping[str, bytes]:
        names = {name for row in rows for name in references(row.body)}
        return {name: await self._blobs.get(name) for name in names}

    async def load(self, run: str, entry: RunEntry | None = None) -> Loaded | None:
        """The state that the journal amounts to; None if there is no such run."""
        entry = entry or await self.entry(run)
        facts = await self.facts(run)
        if entry is None or not facts:
            return None
        about = _about(run, facts[0][1])
        flow = await self.flow(cast("RunQueued", facts[0][1]).document)
        state = new_state(flow, about, await self.origin(about, flow))
        await aside(len(facts) * FACT + flow.size, _replay, state, facts)
        return Loaded(state, entry)

    async def origin(self, about: About, onto: Flow) -> Origin | None:
        """What the run that this one was made of offers to a run of this flow. One that was deleted meanwhile offers nothing."""
        said = about.origin
        if said is None:
            return None
        run, edits = str(said.get("run")), cast("Mapping[str, Any]", said.get("edits") or {})
        facts = await self.facts(run)
        if not facts:
            return Origin(run, {}, {}, edits=edits)
        flow = await self.flow(cast("RunQueued", facts[0][1]).document)
        before, redo = said.get("before"), said.get("redo")
        return await aside(
            len(facts) * FACT + flow.size,
            origin_of,
            flow,
            [fact for _, fact in facts],
            run=run,
            onto=onto,
            before=before if isinstance(before, int) else None,
            redo=redo if isinstance(redo, str) else None,
            edits=edits,
            keep_steps=said.get("kind") == "retry" or isinstance(before, int),
        )

    async def about(self, run: str) -> About | None:
        """What a run was given when it started."""
        rows = await self._journal.read(run, limit=1)
        return _about(run, (await read_back(rows, await self._large_values(rows)))[0][1]) if rows else None


def _read(content: bytes) -> Flow:
    """Without the library: a run goes on with the document it was started with, whatever became of the nodes since."""
    flow, problems = read(json.loads(content))
    if flow is None:
        raise Unreadable(f"its document is refused now: {problems[0]}")
    return flow


def _content(flow: Flow) -> bytes:
    return canonical_text(flow.document).encode()


def _replay(state: State, facts: Iterable[tuple[int, Fact]]) -> None:
    for _, fact in facts:
        evolve(state, fact)


def _about(run: str, first: Fact) -> About:
    if not isinstance(first, RunQueued):
        raise Damaged(f"The journal of the run {run} does not begin with its start. Restore it from a backup.")
    return about_of(first)
