"""What must hold of every journal, whatever crashed: one checker for every crash test, and for yours.

    problems = check({"run-1": numbered(driver.facts)}, flows={"run-1": driver.flow})
    assert not problems

Journal side: seq gapless (I1); at most one result a node, step, item (I2); at most one end, and it is last (I3); epochs
strictly increasing (I4); a node works only after what it waits for is recorded (I5); nothing starts after a cancel (I6);
timers and retries never early (I8). Outside, given a ledger of effects and a client's log: each result has an effect
with its key (I10); a key is repeated only across a fault (I11); what was acknowledged is in the journal (I12); every
acknowledged run has ended (I13). Facts in, sentences out; nothing here reads a file or a clock.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tenuto.core import events
from tenuto.core.events import TERMINAL, Fact
from tenuto.core.flow.model import Body, Flow, Need, Node

# A fact with its seq, as a journal gives it.
Recorded = tuple[int, Fact]


@dataclass(slots=True, frozen=True)
class Effect:
    """One call that the outside world saw. `key`: the idempotency key it carried."""

    key: str
    attempt: int
    at: float


@dataclass(slots=True, frozen=True)
class Ack:
    """What a client wrote down after it was answered: a run that started, a signal or a cancel that was taken."""

    kind: str  # start | signal | cancel
    run: str
    name: str = ""
    key: str | None = None  # the Idempotency-Key of a signal, where it had one


@dataclass(slots=True, frozen=True)
class Fault:
    """A stretch of time in which a process was dying or its lease lost: an effect may be repeated across it."""

    start: float
    end: float


@dataclass(slots=True, frozen=True)
class Outside:
    """What was seen from outside. `effectful`: the node types that write to the ledger. `ended`: no fault is to come."""

    effects: Sequence[Effect] = ()
    effectful: frozenset[str] = frozenset()
    acks: Sequence[Ack] = ()
    faults: Sequence[Fault] = ()
    ended: bool = True


def numbered(facts: Iterable[Fact]) -> list[Recorded]:
    """Facts that were kept in a list, with the seq that a journal would give them."""
    return list(enumerate(facts, start=1))


def check(
    runs: Mapping[str, Sequence[Recorded]],
    *,
    flows: Mapping[str, Flow] | None = None,
    outside: Outside | None = None,
) -> list[str]:
    """Every invariant that is broken, one sentence each; an empty list is the good news.

    `flows`: the flow of a run, by run id; where it is given, I5 and I6 look at its nodes too.
    """
    found: list[str] = []
    for run, recorded in runs.items():
        history = _History(run, recorded, (flows or {}).get(run))
        for rule in _RULES:
            found += [f"{run}: {sentence}" for sentence in rule(history)]
    if outside is not None:
        for look in _OUTSIDE_RULES:
            found += look(runs, flows or {}, outside)
    return found


@dataclass(slots=True)
class _History:
    run: str
    recorded: Sequence[Recorded]
    flow: Flow | None
    facts: list[Fact] = field(init=False)

    def __post_init__(self) -> None:
        self.facts = [fact for _, fact in self.recorded]


# --- one run ---------------------------------------------------------------------------------------------------------


def _gapless(history: _History) -> Iterable[str]:
    for place, (seq, fact) in enumerate(history.recorded, start=1):
        if seq != place:
            yield f"I1 seq {seq} ({fact.type}) stands at place {place}"
            return


_RESULTS = (events.NodeSucceeded, events.NodeFailed, events.NodeSkipped, events.NodeReused)


def _recorded_once(history: _History) -> Iterable[str]:
    seen: set[tuple[object, ...]] = set()
    steps: dict[str, list[str]] = {}  # of each node, in the order of the journal
    for fact in history.facts:
        if isinstance(fact, events.StepRecorded):
            yield from _step_once(steps.setdefault(fact.path, []), fact)
        elif isinstance(fact, events.StepsDropped):
            keys = steps.get(fact.path, [])
            del keys[keys.index(fact.key) if fact.key in keys else 0 :]
        elif isinstance(fact, events.NodeRetrying) and fact.fresh:
            steps.pop(fact.path, None)
        key = _result_key(fact)
        if key is not None and key in seen:
            yield f"I2 recorded twice: {' '.join(map(str, key))}"
        if key is not None:
            seen.add(key)


def _step_once(keys: list[str], fact: events.StepRecorded) -> Iterable[str]:
    if fact.key in keys:
        yield f"I2 recorded twice: step {fact.key} of {fact.path}"
    else:
        keys.append(fact.key)


def _result_key(fact: Fact) -> tuple[object, ...] | None:
    if isinstance(fact, _RESULTS):
        return ("node", fact.path)
    return ("item", fact.path, fact.index) if isinstance(fact, events.ItemDone) else None


def _one_end(history: _History) -> Iterable[str]:
    ends = [place for place, fact in enumerate(history.facts, start=1) if fact.type in TERMINAL]
    if len(ends) > 1:
        yield f"I3 the run ends {len(ends)} times, at {ends}"
    elif ends and ends[0] != len(history.facts):
        yield f"I3 {len(history.facts) - ends[0]} facts stand after the end at {ends[0]}"


def _epochs_grow(history: _History) -> Iterable[str]:
    last = -1
    for fact in history.facts:
        if isinstance(fact, events.RunResumed):
            if fact.epoch <= last:
                yield f"I4 epoch {fact.epoch} after epoch {last}"
            last = fact.epoch


def _never_early(history: _History) -> Iterable[str]:
    due: dict[str, float] = {}
    for fact in history.facts:
        if isinstance(fact, events.TimerSet | events.NodeRetrying):
            due[fact.path] = fact.due
        elif isinstance(fact, events.NodeSuspended):
            _note_due(due, fact)
        elif isinstance(fact, events.TimerFired) and fact.at < due.get(fact.path, float("-inf")):
            yield f"I8 the timer of {fact.path} fired {due[fact.path] - fact.at:.3f} s early"


def _note_due(due: dict[str, float], fact: events.NodeSuspended) -> None:
    moments = [wait.get("due") for wait in (fact.awaits, *fact.awaits.get("also", ()))]
    first = [float(moment) for moment in moments if isinstance(moment, int | float)]
    if first:
        due[fact.path] = min(first)


# --- I5 and I6: what waits for what ----------------------------------------------------------------------------------

_WORK = (
    events.NodeStarted,
    events.StepStarted,
    events.StepRecorded,
    events.NodeSucceeded,
    events.NodeFailed,
    events.NodeRetrying,
    events.NodeSuspended,
    events.NodeUnknown,
    events.NodeReused,
    events.ChildStarted,
    events.TimerSet,
)


def _after_its_needs(history: _History) -> Iterable[str]:
    if history.flow is None:
        return
    ports: dict[str, str | None] = {}
    told: set[str] = set()
    for fact in history.facts:
        if isinstance(fact, _WORK) and fact.path not in told:
            told.add(fact.path)
            missing = _missing_need(history.flow, ports, fact.path)
            if missing:
                yield f"I5 {fact.path} works ({fact.type}) before {missing} allowed it"
        if isinstance(fact, _RESULTS):
            ports[fact.path] = _port(fact)


def _port(fact: Fact) -> str | None:
    if isinstance(fact, events.NodeSucceeded | events.NodeReused):
        return fact.port
    return "error" if isinstance(fact, events.NodeFailed) else None


def _missing_need(flow: Flow, ports: Mapping[str, str | None], path: str) -> str:
    found = find_node(flow, path)
    if found is None:
        return ""
    node, scopes = found
    return " ".join(_describe(need) for need in node.needs if not _met(need, scopes, ports))


def _met(need: Need, scopes: Sequence[str], ports: Mapping[str, str | None]) -> bool:
    def settled(name: str) -> tuple[bool, str | None]:
        for scope in reversed(scopes):
            if scope + name in ports:
                return True, ports[scope + name]
        return False, None

    if need.kind == "settled":
        return all(settled(entry.node)[0] for entry in need.entries)
    return any(entry.holds(settled(entry.node)[1]) for entry in need.entries)


def _describe(need: Need) -> str:
    return f"{need.kind}({', '.join(entry.node for entry in need.entries)})"


def find_node(flow: Flow, path: str) -> tuple[Node, list[str]] | None:
    """The node that a path of a run means, with the prefixes of the scopes around it (`""`, `search[3].`)."""
    body: Body | None = flow.body
    scopes = [""]
    parts = path.split(".")
    for place, part in enumerate(parts):
        node = _node_called(flow, body, part.partition("[")[0], outermost=place == 0)
        if node is None:
            return None
        if place == len(parts) - 1:
            return node, scopes
        scopes.append(scopes[-1] + part + ".")
        body = node.body
    return None


def _node_called(flow: Flow, body: Body | None, name: str, *, outermost: bool) -> Node | None:
    node = body.nodes.get(name) if body is not None else None
    if node is None and outermost and flow.finally_ is not None:
        return flow.finally_.nodes.get(name)
    return node


def _nothing_after_cancel(history: _History) -> Iterable[str]:
    cancelled_at: float | None = None
    for fact in history.facts:
        if isinstance(fact, events.CancelRequested) and cancelled_at is None:
            cancelled_at = fact.at
        elif cancelled_at is not None and _starts_after(fact, cancelled_at) and not _is_final(history.flow, fact):
            yield f"I6 {getattr(fact, 'path', '')} started ({fact.type}) after the cancel"


def _starts_after(fact: Fact, cancelled_at: float) -> bool:
    if isinstance(fact, events.NodeSucceeded | events.NodeFailed | events.NodeRetrying):
        return fact.started_at is not None and fact.started_at > cancelled_at
    return isinstance(fact, events.NodeStarted)


def _is_final(flow: Flow | None, fact: Fact) -> bool:
    """Whether the node belongs to `finally`, which runs after a cancel too."""
    path: str = getattr(fact, "path", "")
    return (
        flow is not None
        and flow.finally_ is not None
        and path.partition("[")[0].partition(".")[0] in flow.finally_.nodes
    )


_RULES: Sequence[Callable[[_History], Iterable[str]]] = (
    _gapless,
    _recorded_once,
    _one_end,
    _epochs_grow,
    _after_its_needs,
    _nothing_after_cancel,
    _never_early,
)


# --- the world outside -----------------------------------------------------------------------------------------------

Runs = Mapping[str, Sequence[Recorded]]
Flows = Mapping[str, Flow]


def _results_have_effects(runs: Runs, flows: Flows, outside: Outside) -> list[str]:
    done = {effect.key for effect in outside.effects}
    return [
        f"{run}: I10 {path} succeeded, but no effect carries {key}"
        for run, flow in flows.items()
        for path, key in _effectful_results(run, runs.get(run, ()), flow, outside.effectful)
        if key not in done
    ]


def _effectful_results(
    run: str, recorded: Sequence[Recorded], flow: Flow, effectful: frozenset[str]
) -> Iterable[tuple[str, str]]:
    base = run
    for _, fact in recorded:
        if isinstance(fact, events.RunStarted):
            base = fact.key_base or run
        elif isinstance(fact, events.NodeSucceeded):
            found = find_node(flow, fact.path)
            if found is not None and found[0].use in effectful:
                yield fact.path, f"{base}/{fact.path}"


def _repeated_only_across_faults(runs: Runs, flows: Flows, outside: Outside) -> list[str]:
    del runs, flows
    by_key: dict[tuple[str, int], list[float]] = {}
    for effect in outside.effects:
        by_key.setdefault((effect.key, effect.attempt), []).append(effect.at)
    return [
        f"I11 {key} (attempt {attempt}) was carried out twice, at {first} and {second}, with no fault between"
        for (key, attempt), times in by_key.items()
        for first, second in zip(sorted(times), sorted(times)[1:], strict=False)
        if not any(fault.start <= second and fault.end >= first for fault in outside.faults)
    ]


def _acks_are_kept(runs: Runs, flows: Flows, outside: Outside) -> list[str]:
    del flows
    return [
        f"{ack.run}: I12 the {ack.kind} {ack.name} was acknowledged and is not in the journal".replace("  ", " ")
        for ack in outside.acks
        if not _is_kept(ack, [fact for _, fact in runs.get(ack.run, ())])
    ]


def _is_kept(ack: Ack, facts: Sequence[Fact]) -> bool:
    if ack.kind == "start":
        return any(isinstance(fact, events.RunStarted | events.RunQueued) for fact in facts)
    if ack.kind == "cancel":
        # A cancel that came too late is acknowledged by an end that stood already.
        return any(isinstance(fact, events.CancelRequested) or fact.type in TERMINAL for fact in facts)
    signals = [fact for fact in facts if isinstance(fact, events.SignalReceived) and fact.name == ack.name]
    return any(ack.key is None or fact.key == ack.key for fact in signals)


def _acked_runs_end(runs: Runs, flows: Flows, outside: Outside) -> list[str]:
    del flows
    if not outside.ended:
        return []
    return [
        f"{run}: I13 the run was acknowledged and has not ended"
        for run in dict.fromkeys(ack.run for ack in outside.acks if ack.kind == "start")
        if not any(fact.type in TERMINAL for _, fact in runs.get(run, ()))
    ]


_OUTSIDE_RULES: Sequence[Callable[[Runs, Flows, Outside], list[str]]] = (
    _results_have_effects,
    _repeated_only_across_faults,
    _acks_are_kept,
    _acked_runs_end,
)
