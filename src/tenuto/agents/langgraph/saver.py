"""A checkpointer whose memory is the journal of the run: what LangGraph saves is recorded as steps of the node.

Each checkpoint and each set of pending writes is one step, `checkpoint:1`, `checkpoint:2`, … in the order in which LangGraph
saved them. When the node runs again they answer from the journal and are read back first, so that the graph goes on at the
superstep where it was. A prefix of them is what LangGraph itself would find after a crash, so a fork of the run at any fact is
a fork of the graph. In memory they stand as LangGraph's own saver keeps them.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import WRITES_IDX_MAP, ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.types import ERROR, INTERRUPT

from tenuto.agents.langgraph.values import Readable, grown, kept, whole
from tenuto.sdk import Context, NodeError

_HANDLED: Final = "__error_source_node__"
_PULLED: Final = "~__pregel_pull, "  # how the path of a task begins whose node was due

Entry = dict[str, Any]


@dataclass(slots=True)
class Log:
    """What was recorded so far; shared by the copies that LangGraph makes of a saver."""

    entries: int = 0
    latest: dict[tuple[str, str], Any] = field(default_factory=dict[tuple[str, str], Any])  # by namespace and channel
    interrupts: list[str] = field(default_factory=list[str])  # ids, in the order in which the graph asked
    head: str | None = None  # the latest checkpoint of the graph itself
    ran: list[str] = field(default_factory=list[str])  # the nodes whose results are in it
    running: list[str] = field(default_factory=list[str])  # those that have answered since

    def next_key(self) -> str:
        return f"checkpoint:{self.entries + 1}"


class JournalSaver(InMemorySaver):
    """Made for one attempt of one node."""

    def __init__(self, ctx: Context) -> None:
        super().__init__(serde=Readable())  # pyright: ignore[reportUnknownMemberType]  a factory that is not given
        self.log = Log()
        self.thread = ctx.idempotency_key  # not in what is recorded, so that a fork has its own
        self._ctx = ctx
        self._event_loop = asyncio.get_running_loop()

    async def restore(self) -> None:
        """Read back what earlier attempts recorded."""
        while self._ctx.recorded(key := self.log.next_key()):
            self.log.entries += 1
            entry = self._lengthened(await self._ctx.step(key, _gone))
            self._note(entry)
            self._keep(entry)

    # --- reading: in memory

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        return super().get_tuple(config)

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """A graph that is called by `invoke` comes here first."""
        self._refuse_on_loop()
        return super().get_tuple(config)

    # --- saving

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        where, values, encoded = _where(config), checkpoint["channel_values"], self._readable.encoded
        rest = {key: part for key, part in checkpoint.items() if key != "channel_values"}
        entry: Entry = {
            "kind": "checkpoint",
            "ns": where.get("checkpoint_ns", ""),
            "parent": where.get("checkpoint_id"),
            "values": {name: encoded(values[name]) for name in new_versions if name in values},
            "checkpoint": encoded(rest),
            "metadata": encoded(dict(metadata)),
            "versions": dict(new_versions),
        }
        await self._record(entry)
        return self._at(entry["ns"], checkpoint["id"])

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        where, encoded = _where(config), self._readable.encoded
        entry = {
            "kind": "writes",
            "ns": where.get("checkpoint_ns", ""),
            "checkpoint": where["checkpoint_id"],
            "task": task_id,
            "task_path": task_path,
            "writes": [[channel, encoded(value)] for channel, value in writes],
        }
        if _worth_recording(writes):
            await self._record(entry)
        else:
            self._keep(entry)

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        return self._from_thread(self.aput(config, checkpoint, metadata, new_versions))

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        self._from_thread(self.aput_writes(config, writes, task_id, task_path))

    def get_next_version(self, current: Any, channel: None) -> Any:
        """Small numbers: a run has one history, and people read it."""
        del channel
        return 1 if current is None else current + 1

    # --- entries

    async def _record(self, entry: Entry) -> None:
        """Durable when this returns. Nothing is awaited before the step is asked for, so entries stand in LangGraph's order."""
        said = self._shortened(entry)
        key = self.log.next_key()
        self.log.entries += 1
        self._note(entry)
        await self._ctx.step(key, lambda: said)
        self._keep(entry)

    def _shortened(self, entry: Entry) -> Entry:
        if entry["kind"] != "checkpoint":
            return entry
        ns, latest = entry["ns"], self.log.latest
        return {**entry, "values": {name: grown(latest.get((ns, name)), now) for name, now in entry["values"].items()}}

    def _lengthened(self, entry: Entry) -> Entry:
        if entry["kind"] != "checkpoint":
            return entry
        ns, latest = entry["ns"], self.log.latest
        return {
            **entry,
            "values": {name: whole(latest.get((ns, name)), said) for name, said in entry["values"].items()},
        }

    def _note(self, entry: Entry) -> None:
        ns, log = entry["ns"], self.log
        if entry["kind"] == "checkpoint":
            log.latest.update({(ns, name): now for name, now in entry["values"].items()})
        if ns == "":
            self._note_of_graph(entry, log)

    def _note_of_graph(self, entry: Entry, log: Log) -> None:
        if entry["kind"] == "checkpoint":
            log.head, log.ran, log.running = entry["checkpoint"]["id"], log.running, []
            return
        decoded = self._readable.decoded
        asked = [each.id for channel, value in entry["writes"] if channel == INTERRUPT for each in decoded(value)]
        log.interrupts += [each for each in asked if each not in log.interrupts]
        if not asked and entry["task_path"].startswith(_PULLED):
            log.running.append(entry["task_path"].removeprefix(_PULLED))

    # --- in memory, as LangGraph's own saver has it

    def _keep(self, entry: Entry) -> None:
        if entry["kind"] == "checkpoint":
            self._keep_checkpoint(entry)
        else:
            self._keep_writes(entry)

    def _keep_checkpoint(self, entry: Entry) -> None:
        ns, values = entry["ns"], entry["values"]
        for name, version in entry["versions"].items():
            self.blobs[self.thread, ns, name, version] = kept(values[name]) if name in values else ("empty", b"")
        saved = kept(entry["checkpoint"]), kept(entry["metadata"]), entry["parent"]
        self.storage[self.thread][ns][entry["checkpoint"]["id"]] = saved

    def _keep_writes(self, entry: Entry) -> None:
        """What a task has written once stays; of what it says about itself (an interrupt, an error), the last word counts."""
        written = self.writes[self.thread, entry["ns"], entry["checkpoint"]]
        task, path = entry["task"], entry["task_path"]
        for index, (channel, value) in enumerate(entry["writes"]):
            place = task, WRITES_IDX_MAP.get(channel, index)
            if place[1] < 0 or place not in written:
                written[place] = task, channel, kept(value), path

    # --- for all of it

    @property
    def _readable(self) -> Readable:
        return cast("Readable", self.serde)

    def _at(self, ns: str, checkpoint: str) -> RunnableConfig:
        return {"configurable": {"thread_id": self.thread, "checkpoint_ns": ns, "checkpoint_id": checkpoint}}

    def _from_thread(self, saving: Coroutine[Any, Any, Any]) -> Any:
        """A graph that is called by `invoke` saves from a thread of its own."""
        return asyncio.run_coroutine_threadsafe(saving, self._event_loop).result()

    def _refuse_on_loop(self) -> None:
        """It would hold up the loop that what it saves is recorded on: nobody would ever go on."""
        if _runs(self._event_loop):
            message = (
                "a graph was called by `invoke` or `stream` inside an `async def`; await `ainvoke` or `astream` there"
            )
            raise NodeError(message, type="graph", retry=False)


def _where(config: RunnableConfig) -> dict[str, Any]:
    return config.get("configurable", {})


def _worth_recording(writes: Sequence[tuple[str, Any]]) -> bool:
    """A task that failed runs again, whatever was recorded of its error, unless the graph has a node that handles it."""
    channels = {channel for channel, _ in writes}
    return ERROR not in channels or _HANDLED in channels


def _runs(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _gone() -> Entry:
    raise NodeError("a checkpoint that was recorded is gone", type="graph", retry=False)
