"""A checkpointer whose memory is the journal of the run: what LangGraph saves is recorded as steps of the node.

Each checkpoint and each set of pending writes is one step, `checkpoint:1`, `checkpoint:2`, … in the order in which LangGraph
saved them. When the node runs again they answer from the journal and are read back first, so that the graph goes on at the
superstep where it was. A prefix of them is what LangGraph itself would find after a crash, so a fork of the run at any fact is
a fork of the graph. In memory they stand as LangGraph's own saver keeps them.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.memory import InMemorySaver

from tenuto.agents.langgraph.values import decoded, encoded, grown, whole
from tenuto.sdk import Context, NodeError

_ERROR: Final = "__error__"
_HANDLED: Final = "__error_source_node__"
_INTERRUPT: Final = "__interrupt__"
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
        super().__init__()  # pyright: ignore[reportUnknownMemberType]  a factory that is not given
        self.log = Log()
        self.thread = ctx.idempotency_key  # not in what is recorded, so that a fork has its own
        self._ctx = ctx
        self._event_loop = asyncio.get_running_loop()

    async def restore(self) -> None:
        """Read back what earlier attempts recorded."""
        while self._ctx.recorded(key := self.log.next_key()):
            self.log.entries += 1
            self._remember(await self._ctx.step(key, _gone))

    # --- saving

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        await self._record(self._entry_of_checkpoint(config, checkpoint, metadata, new_versions))
        return super().put(config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        kept = _worth_keeping(writes)
        if kept:
            await self._record(self._entry_of_writes(config, kept, task_id, task_path))
        super().put_writes(config, writes, task_id, task_path)

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

    def _entry_of_checkpoint(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata, versions: ChannelVersions
    ) -> Entry:
        where = _where(config)
        values = checkpoint["channel_values"]
        rest = {key: part for key, part in checkpoint.items() if key != "channel_values"}
        return {
            "kind": "checkpoint",
            "ns": where.get("checkpoint_ns", ""),
            "parent": where.get("checkpoint_id"),
            "values": {name: encoded(values[name], self.serde) for name in versions if name in values},
            "checkpoint": encoded(rest, self.serde),
            "metadata": encoded(dict(metadata), self.serde),
            "versions": dict(versions),
        }

    def _entry_of_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str
    ) -> Entry:
        where = _where(config)
        return {
            "kind": "writes",
            "ns": where.get("checkpoint_ns", ""),
            "checkpoint": where["checkpoint_id"],
            "task": task_id,
            "task_path": task_path,
            "writes": [[channel, encoded(value, self.serde)] for channel, value in writes],
        }

    async def _record(self, entry: Entry) -> None:
        """Durable when this returns. Nothing is awaited before the step is asked for, so entries stand in LangGraph's order."""
        said = self._shortened(entry)
        key = self.log.next_key()
        self.log.entries += 1
        self._note(entry)
        await self._ctx.step(key, lambda: said)

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
        asked = [
            each.id for channel, value in entry["writes"] if channel == _INTERRUPT for each in self._decoded(value)
        ]
        log.interrupts += [each for each in asked if each not in log.interrupts]
        if not asked and entry["task_path"].startswith(_PULLED):
            log.running.append(entry["task_path"].removeprefix(_PULLED))

    def _decoded(self, value: Any) -> Any:
        return decoded(value, self.serde)

    def _remember(self, recorded: Entry) -> None:
        """As if LangGraph had saved it in this attempt."""
        entry = self._lengthened(recorded)
        self._note(entry)
        if entry["kind"] == "checkpoint":
            self._remember_checkpoint(entry)
        else:
            config = self._at(entry["ns"], entry["checkpoint"])
            writes = [(channel, decoded(value, self.serde)) for channel, value in entry["writes"]]
            super().put_writes(config, writes, entry["task"], entry["task_path"])

    def _remember_checkpoint(self, entry: Entry) -> None:
        rest = decoded(entry["checkpoint"], self.serde)
        values = {name: decoded(value, self.serde) for name, value in entry["values"].items()}
        checkpoint = cast("Checkpoint", {**rest, "channel_values": values})
        metadata = cast("CheckpointMetadata", decoded(entry["metadata"], self.serde))
        super().put(self._at(entry["ns"], entry["parent"]), checkpoint, metadata, entry["versions"])

    def _at(self, ns: str, checkpoint: str | None) -> RunnableConfig:
        where: dict[str, Any] = {"thread_id": self.thread, "checkpoint_ns": ns}
        return {"configurable": where if checkpoint is None else {**where, "checkpoint_id": checkpoint}}

    def _from_thread(self, saving: Any) -> Any:
        """A graph that is called by `invoke` saves from its thread."""
        if _runs(self._event_loop):
            saving.close()
            message = (
                "a graph was called by `invoke` or `stream` inside an `async def`; await `ainvoke` or `astream` there"
            )
            raise NodeError(message, type="graph", retry=False)
        return asyncio.run_coroutine_threadsafe(saving, self._event_loop).result()


def _where(config: RunnableConfig) -> dict[str, Any]:
    return config.get("configurable", {})


def _worth_keeping(writes: Sequence[tuple[str, Any]]) -> Sequence[tuple[str, Any]]:
    """A task that failed runs again, whatever was recorded of its error, unless the graph has a node that handles it."""
    channels = {channel for channel, _ in writes}
    return () if _ERROR in channels and _HANDLED not in channels else writes


def _runs(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _gone() -> Entry:
    raise NodeError("a checkpoint that was recorded is gone", type="graph", retry=False)
