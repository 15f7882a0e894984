"""What was recorded, read back: runs by the words that people use for them, their facts, their documents. Reads only."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tenuto.core.events import Fact
from tenuto.core.flow.model import Flow
from tenuto.core.problems import did_you_mean
from tenuto.ports.blobs import Contents
from tenuto.ports.codec import references
from tenuto.ports.journal import Recorded, RunEntry, RunQuery
from tenuto.service.aside import FACT, aside
from tenuto.service.follow import Follower, follow
from tenuto.service.projection import Wait
from tenuto.service.read_back import read_back
from tenuto.service.refusals import Refused
from tenuto.service.weighed import Weighed

RECENT = 500  # how many runs are searched for the start of a name
UNFINISHED = frozenset({"queued", "running", "waiting"})

_NAMED = 5
_WAITED_FOR = {
    "approval": "an approval",
    "question": "an answer",
    "decision": "a decision",
    "budget": "more budget",
    "signal": "a signal",
    "time": "a point in time",
    "run": "a run that it called",
    "session": "its own turn",
    "pause": "the end of a pause",
}


@dataclass(slots=True)
class Archive:
    """`read_flow` makes a flow of a stored document; None where this program cannot (a node type is not installed).

    `tenant`: the only one whose runs are known here, so that another's are not found by any word. None: all, for the
    command line, which owns the directory.
    """

    journal: Recorded
    blobs: Contents
    read_flow: Callable[[bytes], Flow | None]
    tenant: str | None = None
    _flows: Weighed[Flow] = field(default_factory=lambda: Weighed[Flow](2**20))

    def within(self, tenant: str) -> "Archive":
        """The same, for who may see the runs of this tenant only."""
        return replace(self, tenant=tenant)

    async def runs(self, query: RunQuery) -> list[RunEntry]:
        """The lines of the index that are asked for. Every look-up of a run goes through here."""
        return await self.journal.runs(query if self.tenant is None else replace(query, tenant=self.tenant))

    async def find(self, word: str) -> RunEntry:
        """The run of that name or id (the newest, where a name was given twice), or the only one that starts so."""
        exact = await self.runs(RunQuery(name=word, limit=_NAMED)) if word else []
        whole = [entry for entry in exact if word in (entry.id, entry.name)]
        if whole:
            return whole[0]
        recent = await self.runs(RunQuery(limit=RECENT))
        near = {
            entry.id: entry
            for entry in [*exact, *recent]
            if word and (entry.name.startswith(word) or entry.id.startswith(word))
        }
        if len(near) == 1:
            return next(iter(near.values()))
        raise _unclear(word, list(near.values())) if near else self._unknown(word, recent)

    async def check_free(self, name: str) -> None:
        """Refuse a name for a new run that would be taken for another: its name, or its id."""
        if any(name in (entry.name, entry.id) for entry in await self._all(RunQuery(name=name, limit=RECENT))):
            raise Refused(
                "exists",
                f"there is a run `{name}` already",
                "choose another name, or delete that run when it has ended",
            )

    async def unfinished(self) -> list[RunEntry]:
        """Every run that has not ended, the newest first."""
        return await self._all(RunQuery(statuses=UNFINISHED, limit=RECENT))

    async def _all(self, query: RunQuery) -> list[RunEntry]:
        found: list[RunEntry] = []
        while page := await self.runs(query):
            found += page
            query = replace(query, cursor=page[-1].age)
        return found

    async def facts(self, run: str, after: int = 0) -> list[tuple[int, Fact]]:
        """Of the run with this whole id; [] if it is not known here."""
        if self.tenant is not None and await self.entry(run) is None:
            return []
        rows = await self.journal.read(run, after)
        blobs = {name: await self.blobs.get(name) for row in rows for name in references(row.body)}
        return await read_back(rows, blobs)

    async def flow(self, document: str) -> Flow | None:
        known = self._flows.get(document)
        if known is not None:
            return known
        content = await self.blobs.get(document)
        flow = await aside(len(content), self.read_flow, content)
        if flow is not None:
            self._flows.keep(document, len(content), flow)
        return flow

    async def follower(self, entry: RunEntry) -> Follower:
        """What is known of the run now, and of the runs that it called; ready to be told more."""
        facts, flow = await self.facts(entry.id), await self.flow(entry.document)
        weight = len(facts) * FACT + (flow.size if flow else 0)
        follower = await aside(weight, follow, facts, flow, await self.names(entry))
        for path, run in follower.calls().items():
            child = await self.entry(run)
            if child is not None:
                follower.adopt(path, await self.follower(child))
        for wait in follower.turns():
            ahead = None if wait.run is None else await self.entry(wait.run)
            if ahead is not None and ahead.status == "waiting":
                first = next(iter(follow(await self.facts(ahead.id), await self.flow(ahead.document)).waits()), None)
                wait.ask["waits_for"] = waited_for(first)
        return follower

    async def entry(self, run: str) -> RunEntry | None:
        """The run's line in the index, by its whole id."""
        found = await self.runs(RunQuery(name=run, limit=_NAMED))
        return next((entry for entry in found if entry.id == run), None)

    async def names(self, entry: RunEntry) -> dict[str, str]:
        """Of the runs that this one came of, as far as they are still there, by their ids."""
        named: dict[str, str] = {}
        for run in (entry.origin, entry.parent):
            other = await self.entry(run) if run else None
            if other is not None:
                named[other.id] = other.name
        return named

    def _unknown(self, word: str, recent: list[RunEntry]) -> Refused:
        if not recent and self.tenant is None:
            return Refused(
                "not_found",
                f"there is no run `{word}`: this data directory has none",
                "see --data, or start one with `tenuto run`",
            )
        hint = did_you_mean(word, [entry.name for entry in recent])
        return Refused("not_found", f"there is no run `{word}`", hint or "`tenuto runs list` shows them")


def waited_for(wait: Wait | None) -> str | None:
    """What a run waits for, in a word or two, for who waits for that run."""
    return None if wait is None else _WAITED_FOR.get(str(wait.ask.get("kind", wait.kind)))


def _unclear(word: str, near: list[RunEntry]) -> Refused:
    names = ", ".join(entry.name for entry in near[:_NAMED]) + (", …" if len(near) > _NAMED else "")
    return Refused("ambiguous", f"`{word}` could be {len(near)} runs: {names}", "give more of the name")
