"""A run as plain lines, one for each thing that came of a node: for logs, pipes and plain terminals."""

import time
from typing import Final, TextIO

from tenuto.cli import describe
from tenuto.cli.look import Look, cost, duration, safe
from tenuto.ports.engine import Live
from tenuto.service.follow import Follower
from tenuto.service.projection import NodeView, RunView, Wait, parent_of

_TOLD: Final = frozenset(
    {"node.succeeded", "node.failed", "node.retrying", "node.skipped", "node.reused", "node.unknown"}
)
_INSIDE: Final = frozenset({"node.failed", "node.retrying", "node.unknown"})  # of the many nodes in maps and loops


class Lines:
    def __init__(self, stream: TextIO, look: Look, follower: Follower, words: str = "") -> None:
        self._stream = stream
        self._look = look
        self._follower = follower
        self._words = words
        self._waits: set[tuple[str, str, str | None]] = set()
        self._tenths: dict[str, int] = {}
        self._begun = False

    @property
    def _run(self) -> str:
        return self._follower.view().name + self._words

    def see(self, live: Live) -> None:
        fact = live.fact
        if fact is None:
            if live.kind == "log" and isinstance(live.data, dict):
                self._say("dot", live.path, str(live.data.get("text", "")))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] # JSON
            return
        if fact.type in ("run.started", "run.queued") and not self._begun:
            self._begun = True
            view = self._follower.view()
            self._write(f"{self._look.mark('start')} {view.flow}  {view.name}")
        elif fact.type in _TOLD and (fact.type in _INSIDE or not parent_of(live.path)):
            self._tell(live.path)
        elif fact.type == "item.done":
            self._tell_progress(live.path)

    def tick(self) -> None:
        for wait in self._follower.waits():
            if (known := (wait.path, wait.kind, wait.signal)) not in self._waits:
                self._waits.add(known)
                self._tell_wait(wait)

    def pause(self) -> None:
        self.tick()

    def go_on(self) -> None:
        """Lines have nothing to take up again."""

    def close(self, view: RunView) -> None:
        del view  # what it waits for is all that has not been said
        self.tick()

    def _tell(self, path: str) -> None:
        node = self._follower.view().nodes[path]
        self._waits = {known for known in self._waits if known[0] != path}
        text = describe.detail(node, self._run, time.time(), self._follower.names)
        self._say(node.status, path, text.text, _took(node))
        if text.todo and node.status == "unknown":
            self._waits.add((path, "decision", path))
            self._write(f"    {self._look.mark('arrow')} {text.todo}")

    def _tell_progress(self, path: str) -> None:
        """A line for each tenth of a map, a line for each turn of a loop of ten."""
        node = self._follower.view().nodes[path]
        if not node.items:
            return
        tenth = node.items_done * 10 // node.items
        if tenth > self._tenths.get(path, 0) and node.items_done < node.items:
            self._tenths[path] = tenth
            self._say("running", path, describe.progress_text(node))

    def _tell_wait(self, wait: Wait) -> None:
        if wait.kind == "decision" and wait.path in self._follower.view().nodes:
            return  # the node's own line has said so
        self._say("waiting", wait.path, describe.wait_text(wait, time.time()))
        for line in describe.argument_lines(wait):
            self._write(f"    {line}")
        todo = describe.wait_todo(wait, self._run)
        if todo:
            self._write(f"    {self._look.mark('arrow')} {todo}")

    def _say(self, status: str, path: str, *said: str) -> None:
        self._write("  ".join([f"{self._look.mark(status)} {path}".rstrip(), *(part for part in said if part)]))

    def _write(self, text: str) -> None:
        self._stream.write(safe(text) + "\n")
        self._stream.flush()


def final_line(view: RunView, look: Look) -> str:
    """`✓ succeeded  brave-otter-7f3a  5 nodes  3.1s`."""
    took = duration(view.ended_at - view.started_at) if view.ended_at and view.started_at else ""
    parts = [f"{look.mark(view.status)} {view.status}", view.name, describe.summary(view), took, cost(view.cost)]
    return "  ".join(part for part in parts if part)


def _took(node: NodeView) -> str:
    if node.started_at is None or node.ended_at is None or node.use in ("set", "if", "switch"):
        return ""
    return duration(node.ended_at - node.started_at)
