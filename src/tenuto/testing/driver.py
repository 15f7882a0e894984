"""A flow in a test: the heart alone, a clock that you move by hand, and nodes that do what you say.

    from tenuto.testing import Driver

    driver = Driver(document, input={"topic": "tea"}, nodes={"agent": lambda given: {"text": given["task"]}})
    driver.start()
    driver.run()                             # every node whose behaviour is known
    driver.signal("ok", {"approved": True})  # an answer from outside
    driver.advance(3600)                     # an hour passes; due timers fire
    assert driver.status == "succeeded"
    assert driver.output == "Plan tea"

No event loop, no disk, no thread: a step of a run takes microseconds. `crash()` throws the state away and rebuilds it
from the facts as a journal keeps them, as a host does after a power cut: crash after every step, and see what is left.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from random import Random
from typing import Any, cast

from tenuto.core import inputs
from tenuto.core.commands import CancelNode, Command, RunNode, SetTimer, StartChild
from tenuto.core.events import TERMINAL, Fact, NodeFailed, NodeReused, NodeSkipped, NodeSucceeded
from tenuto.core.flow import Flow, read
from tenuto.core.flow.library import Library, NodeType
from tenuto.core.machine import About, Origin, State, decide, evolve, new_state, refusal, take, todo
from tenuto.core.problems import Problem
from tenuto.core.values import NOTHING
from tenuto.ports.codec import decode, encode
from tenuto.sdk.errors import NodeError, Suspended
from tenuto.sdk.port import Port

Json = Any
# What a node does: a function of its bound input (and of the command, if it takes two), or the output itself. It may
# return `Port(name, value)` and raise `NodeError` or `Suspended`; what else it raises is the test's own and passes through.
Behaviour = Callable[..., Json] | Json

MORNING = 1_700_000_000.0


class Refused(Exception):
    """The heart does not take this signal: `code` (ended, answered, full, …) for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BadFlow(Exception):
    """The document has problems; each is a line of the message."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(slots=True, frozen=True)
class NodeView:
    """How one node stands. `output` is None where it has none."""

    status: str
    port: str | None = None
    output: Json = None
    error: Mapping[str, Json] | None = None
    attempts: int = 1


class AnyType(Mapping[str, NodeType]):
    """A library in which every type exists. Those that are not told apart fire `done` and take any input."""

    def __init__(self, types: Iterable[NodeType] = ()) -> None:
        self._types = {each.name: each for each in types}

    def __getitem__(self, name: str) -> NodeType:
        return self._types.get(name) or NodeType(name)

    def __iter__(self):  # noqa: ANN204  as Mapping says
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str)


class Driver:
    """One run of one flow. `nodes`: behaviours by path (`search[0].ask`), by node id, by type, or by the flow of a `call`."""

    def __init__(
        self,
        flow: Flow | Mapping[str, Json],
        *,
        input: Json = None,  # noqa: A002  the word of the flow document
        nodes: Mapping[str, Behaviour] | None = None,
        types: Iterable[NodeType] = (),
        library: Library | None = None,
        vars: Mapping[str, Json] | None = None,  # noqa: A002  the word of the flow document
        origin: Origin | None = None,
        now: float = MORNING,
        **about: Any,
    ) -> None:
        """`types` says what is special about node types (ports, effects); `about` are further fields of `About`."""
        self.library = library if library is not None else AnyType(types)
        self.flow = flow if isinstance(flow, Flow) else flow_of(flow, self.library)
        known: dict[str, Any] = {"run": "run-1", "name": "test-run", "input": input, "vars": dict(vars or {}), **about}
        self.about = About(**known)
        self.origin = origin
        self.behaviours = dict(nodes or {})
        self.now = now
        self.epoch = 1
        self.state = new_state(self.flow, self.about, origin)
        self.facts: list[Fact] = []
        self.issued: list[Command] = []  # every command since the start or the last crash, in order

    # --- what happens ----------------------------------------------------------------------------------------------

    def tell(self, word: inputs.Input) -> list[Fact]:
        """Tell the heart anything; the facts that follow."""
        facts = decide(self.state, word)
        self.facts += facts
        self.issued += take(self.state)
        return facts

    def queue(self) -> "Driver":
        """Keep the run waiting for admission."""
        self.tell(inputs.Queue(self.now))
        return self

    def start(self) -> "Driver":
        self.tell(inputs.Start(self.now))
        return self

    def succeed(
        self, path: str, output: Json = None, *, port: str = "done", usage: dict[str, float] | None = None
    ) -> None:
        """What is due at `path` (a node, or the child run of a `call`) has succeeded."""
        command = self.command(path)
        if isinstance(command, StartChild):
            self._end_child(command, "succeeded", output=output, usage=usage)
            return
        self._begin(command)
        self.tell(
            inputs.Succeeded(self.now, path, command.attempt, output, port=port, started_at=self.now, usage=usage)
        )

    def fail(self, path: str, kind: str = "error", message: str = "it failed", **more: Any) -> None:
        """What is due at `path` has failed. `more`: `retry`, `retry_after`, `fresh`, `jitter`, `usage`."""
        command = self.command(path)
        if isinstance(command, StartChild):
            error = {"type": kind, "message": message, "node": None, "attempts": 1}
            self._end_child(command, "cancelled" if kind == "cancelled" else "failed", error=error)
            return
        if kind == "cancelled":
            self.tell(inputs.Failed(self.now, path, command.attempt, kind, message, retry=False))
            return
        self._begin(command)
        self.tell(inputs.Failed(self.now, path, command.attempt, kind, message, started_at=self.now, **more))

    def begin(self, path: str) -> None:
        """Say that a `once` node is about to run, or that a child run stands, and nothing more yet."""
        command = self.command(path)
        if isinstance(command, StartChild):
            self.tell(inputs.ChildBegun(self.now, path, command.run, command.version or "1"))
        else:
            self.tell(inputs.Starting(self.now, path, command.attempt))

    def suspend(
        self,
        path: str,
        key: str,
        signal: str,
        *,
        seconds: float | None = None,
        ask: Json = None,
        also: Sequence[Mapping[str, Json]] = (),
    ) -> None:
        """The node at `path` ends its turn and waits for a signal. `also`: for others, `{key, signal, seconds?, ask?}` each."""
        awaits = {"key": key, "signal": signal, "seconds": seconds, "ask": ask, "also": [dict(each) for each in also]}
        given = {name: value for name, value in awaits.items() if value not in (None, [])}
        self.tell(inputs.Suspended(self.now, path, self.command(path).attempt, given))

    def step(
        self, path: str, key: str, output: Json, *, input_hash: str = "", usage: dict[str, float] | None = None
    ) -> None:
        """The node at `path` has recorded a step."""
        attempt = self.command(path).attempt
        self.tell(inputs.StepDone(self.now, path, attempt, key, input_hash, output, usage=usage))

    def doubt(self, path: str, reason: str = "nobody knows", *, step: str | None = None) -> None:
        """The `once` node at `path` was stopped, and nobody knows whether its effect happened."""
        self.tell(inputs.Doubt(self.now, path, self.command(path).attempt, reason, step))

    def signal(self, name: str, payload: Json = None, *, by: str | None = None, key: str | None = None) -> None:
        """A signal from outside, or `Refused`."""
        word = inputs.Signal(self.now, name, payload, by=by, key=key)
        reason = refusal(self.state, word)
        if reason is not None:
            raise Refused(*reason)
        self.tell(word)

    def advance(self, seconds: float) -> None:
        """Let time pass; timers fire when they are due, in their order."""
        end = self.now + seconds
        while (timer := self._next_timer(end)) is not None:
            self.now = max(self.now, timer.due)
            self.tell(inputs.TimerDue(self.now, timer.path))
        self.now = end

    def cancel(self, reason: str | None = None) -> None:
        self.tell(inputs.Cancel(self.now, reason=reason))

    def crash(self, *, clean: bool = False) -> None:
        """Lose the state, replay it from the facts, and take the run over as the next owner. `clean`: the last one stopped in order."""
        self.epoch += 1
        self._reload(inputs.Resume(self.now, self.epoch, clean))

    def reload(self) -> None:
        """The run left memory and comes back to the same owner."""
        self._reload(inputs.Wake(self.now))

    def run(self, order: Random | None = None) -> "Driver":
        """Carry out all that is due and has a behaviour, until nothing more can be done. Time stands still.

        One after another, the oldest first; `order` picks at random instead. Nodes that are to be stopped, stop.
        """
        while ready := [command for command in self.due if self._can_do(command)]:
            self._carry_out(order.choice(ready) if order else ready[0])
        return self

    # --- how it stands ---------------------------------------------------------------------------------------------

    @property
    def due(self) -> list[Command]:
        """The outstanding commands."""
        return todo(self.state)

    @property
    def status(self) -> str:
        return self.state.status

    @property
    def output(self) -> Json:
        return getattr(self._end, "output", None)

    @property
    def error(self) -> Mapping[str, Json] | None:
        return getattr(self._end, "error", None)

    def node(self, path: str) -> NodeView:
        """How the node at `path` stands: what is recorded of it, else what the state knows."""
        for fact in reversed(self.facts):
            if getattr(fact, "path", None) == path and isinstance(fact, _SETTLING):
                return _recorded_view(fact, self.state.nodes.get(path))
        node = self.state.nodes.get(path)
        if node is None:
            raise KeyError(f"nothing is known of a node at `{path}`; known: {', '.join(self.state.nodes) or 'none'}")
        output = None if node.output is NOTHING else node.output
        return NodeView(node.status, node.port, output, node.error, node.attempt)

    def command(self, path: str) -> RunNode | StartChild | CancelNode:
        """What is due at `path`."""
        for command in self.due:
            if not isinstance(command, SetTimer) and getattr(command, "path", None) == path:
                return command  # type: ignore[return-value]  # `Finish` has no path
        raise KeyError(f"nothing is due at `{path}`; due: {', '.join(map(str, self.due)) or 'nothing'}")

    # --- within ----------------------------------------------------------------------------------------------------

    @property
    def _end(self) -> Fact | None:
        return next((fact for fact in reversed(self.facts) if fact.type in TERMINAL), None)

    def _reload(self, word: inputs.Resume | inputs.Wake) -> None:
        self.facts = [decode(fact.type, *_stored(fact)) for fact in self.facts]
        self.state = replay(self.flow, self.about, self.facts, origin=self.origin)
        take(self.state)
        self.tell(word)
        self.issued = todo(self.state)

    def _begin(self, command: RunNode | StartChild | CancelNode) -> None:
        """A `once` node says so before it runs."""
        if isinstance(command, RunNode) and not command.started and self.library[command.use].effects == "once":
            self.tell(inputs.Starting(self.now, command.path, command.attempt))

    def _end_child(self, command: StartChild, status: str, **outcome: Any) -> None:
        self.begin(command.path)
        self.tell(inputs.ChildEnded(self.now, command.path, command.run, status, **outcome))

    def _next_timer(self, end: float) -> SetTimer | None:
        timers = [command for command in self.due if isinstance(command, SetTimer) and command.due <= end]
        return min(timers, key=lambda timer: timer.due, default=None)

    def _can_do(self, command: Command) -> bool:
        return isinstance(command, CancelNode) or self._behaviour(command) is not None

    def _behaviour(self, command: Command) -> Callable[..., Json] | None:
        if not isinstance(command, RunNode | StartChild):
            return None
        kind = command.use if isinstance(command, RunNode) else command.flow
        names = (command.path, command.path.rpartition(".")[2], kind)
        name = next((name for name in names if name in self.behaviours), None)
        if name is None:
            return None
        behaviour = self.behaviours[name]
        return cast("Callable[..., Json]", behaviour) if callable(behaviour) else _always(behaviour)

    def _carry_out(self, command: Command) -> None:
        behaviour = self._behaviour(command)
        if isinstance(command, CancelNode):
            self._stop(command)
        elif isinstance(command, RunNode | StartChild) and behaviour is not None:
            self._perform(command, behaviour)

    def _stop(self, command: CancelNode) -> None:
        if command.run is not None:
            self.tell(inputs.ChildEnded(self.now, command.path, command.run, "cancelled"))
        else:
            self.fail(command.path, "cancelled", "it was cancelled")

    def _perform(self, command: RunNode | StartChild, behaviour: Callable[..., Json]) -> None:
        self._begin(command)
        if command not in self.due:
            return
        try:
            answer = behaviour(command.input, command) if _takes_two(behaviour) else behaviour(command.input)
        except NodeError as error:
            how = {"retry": error.retry, "retry_after": error.retry_after, "fresh": error.fresh}
            self.fail(command.path, error.type, error.message, **how)
        except Suspended as pause:
            self.tell(inputs.Suspended(self.now, command.path, command.attempt, pause.awaits))
        else:
            port, output = (answer.name, answer.value) if isinstance(answer, Port) else ("done", answer)
            self.succeed(command.path, output, port=port)


def _always(output: Json) -> Callable[..., Json]:
    def behave(_given: Json) -> Json:
        return output

    return behave


def _takes_two(behaviour: Callable[..., Json]) -> bool:
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    try:
        return sum(each.kind in kinds for each in signature(behaviour).parameters.values()) > 1
    except ValueError:  # some built-in functions have no signature to look at
        return False


def flow_of(document: Mapping[str, Json], library: Library | None = None) -> Flow:
    """The flow of a document, or `BadFlow` with every problem."""
    flow, problems = read(document, library if library is not None else AnyType())
    if flow is None:
        raise BadFlow(problems)
    return flow


def replay(flow: Flow, about: About, facts: Iterable[Fact], *, origin: Origin | None = None) -> State:
    """The state that these facts amount to."""
    state = new_state(flow, about, origin)
    for fact in facts:
        evolve(state, fact)
    return state


def _stored(fact: Fact) -> tuple[bytes, dict[str, bytes]]:
    """What a journal would keep of it."""
    body, blobs = encode(fact)
    return body, dict(blobs)


_SETTLING = (NodeSucceeded, NodeFailed, NodeSkipped, NodeReused)


def _recorded_view(fact: Fact, node: Any) -> NodeView:
    """A node as its last fact says; what only the fold knows (skipped or cancelled by a failure) comes from the state."""
    status = node.status if node is not None else fact.type.removeprefix("node.")
    if isinstance(fact, NodeSucceeded):
        return NodeView(status, fact.port, fact.output, None, fact.attempt)
    if isinstance(fact, NodeFailed):
        return NodeView(status, node.port if node is not None else None, None, fact.error, fact.attempt)
    if isinstance(fact, NodeReused):
        return NodeView(status, fact.port, fact.output)
    return NodeView("skipped")
