"""What can happen in the tree of the reference evaluator: nodes become due, bodies open and close, flows end.

Everything is found by looking: `moves` walks the whole tree and gives what could happen now, one of which happens, and
then it looks again. Numbers in comments are those of the rules.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tenuto.core import inputs
from tenuto.core.flow.model import Flow, Need
from tenuto.core.machine import Result
from tenuto.core.values import canonical

from .deciding import Decision, Seen, decide_node, evaluate, names_for, until_holds
from .tree import Json, Rec, Scope, every

Order = Mapping[tuple[str, str], int]


@dataclass
class Move:
    """Something that can happen now. `fact`: what the history calls it, or None if it leaves no fact."""

    act: Callable[[], None]
    fact: tuple[str, str] | None = None


class Moves:
    """A run between two words: `_settle` lets happen what can."""

    def __init__(
        self,
        flow: Flow,
        given: Mapping[str, Json],
        once: frozenset[str] = frozenset(),
        results: Mapping[str, Result] | None = None,
    ) -> None:
        self.flow = flow
        self.given = dict(given)  # input, vars, run, trigger
        self.once = once  # the node types that are not repeated
        self.results = results or {}  # of another run, by path (37)
        self.root: Scope | None = None
        self.final: Scope | None = None
        self.signals: dict[str, list[inputs.Signal]] = {}
        self.ended: tuple[str, Json] | None = None
        self.ended_children: set[str] = set()
        self.signal_keys: set[str] = set()
        self.tokens = 0.0
        self.limit = float("inf") if flow.budget is None or flow.budget.tokens is None else float(flow.budget.tokens)
        self.word = 0
        self.order: Order = {}

    def recs(self) -> list[Rec]:
        return [rec for scope in (self.root, self.final) if scope is not None for rec in every(scope)]

    def _launch(self, rec: Rec) -> None:
        """34: at the limit nothing new starts, but `finally` does."""
        rec.launch(self.word)
        rec.held = self.tokens >= self.limit and not rec.scope.around()[0].final
        rec.timer = rec.node.use == "call" and rec.node.timeout is not None and not rec.held  # 21: per attempt

    def _wake(self, rec: Rec) -> None:
        """The answer, or that there was none, is a step like any other."""
        rec.steps.append(rec.answer)
        self._launch(rec)
        rec.wake += 1

    # --- what can happen -------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Let things happen, one at a time, until nothing can."""
        while self.ended is None:
            moves = list(self._moves())
            if not moves:
                return
            min(moves, key=self._rank).act()  # of equals, min takes the first: document order

    def _rank(self, move: Move) -> float:
        return -1.0 if move.fact is None else self.order.get(move.fact, float("inf"))

    def _moves(self) -> Iterator[Move]:
        if self.root is None:
            return
        yield from self._scope_moves(self.root)
        if self.final is not None:
            yield from self._scope_moves(self.final)
        if self.root.closed:
            yield from self._last_moves()

    def _last_moves(self) -> Iterator[Move]:
        if self.flow.finally_ is not None and self.final is None:
            yield Move(self._open_finally)  # 15
        elif self.final is None or self.final.closed:
            yield Move(self._end_run)

    def _open_finally(self) -> None:
        assert self.flow.finally_ is not None
        assert self.root is not None
        self.final = Scope("", self.flow.finally_, final=True)
        kind, value = self.root.verdict or ("finished", None)
        status = "succeeded" if kind == "finished" else kind
        run: dict[str, Json] = dict(self.given["run"])  # type: ignore[call-overload]
        self.final.names = {"run": {**run, "status": status, "error": None if kind == "finished" else value}}

    def _end_run(self) -> None:
        assert self.root is not None
        self.ended = self.root.verdict

    def _scope_moves(self, scope: Scope) -> Iterator[Move]:
        if scope.closed:
            return
        for rec in scope.recs.values():
            yield from self._node_moves(rec)
        if scope.over_and_done():
            yield Move(lambda: self._close(scope), self._fact_of_end(scope))

    @staticmethod
    def _fact_of_end(scope: Scope) -> tuple[str, str] | None:
        rec = scope.owner
        failed = scope.verdict is not None and scope.verdict[0] == "failed"
        if rec is None or rec.cancelling or rec.failing or (failed and rec.node.on_error != "collect"):
            return None
        return ("item", f"{rec.path}[{scope.index}]")

    def _node_moves(self, rec: Rec) -> Iterator[Move]:
        if rec.status == "pending" and rec.scope.verdict is None:
            yield from self._pending_moves(rec)
        elif rec.status in {"waiting", "unknown"} and rec.scope.verdict is None:
            yield from self._signal_moves(rec)
        elif rec.status == "running" and rec.node.body is not None:
            for item in rec.items:
                yield from self._scope_moves(item)
            yield from self._map_moves(rec) if rec.node.use == "map" else self._loop_moves(rec)

    def _pending_moves(self, rec: Rec) -> Iterator[Move]:
        hopes = [self._hope(rec, need) for need in rec.node.needs]
        if None in hopes:
            yield Move(lambda: self._skip(rec), ("node", rec.path))  # 12
        elif all(hopes) and rec.seen is None:
            yield Move(lambda: self._freeze(rec))
        elif all(hopes):
            decision = self._decide(rec)
            yield Move(lambda: self._carry_out(rec, decision), ("node", rec.path) if decision.settles else None)

    def _decide(self, rec: Rec) -> Decision:
        decision = decide_node(rec)
        theirs = self.results.get(rec.path)
        if decision.kind not in {"launch", "wait"} or theirs is None or theirs.definition != rec.node.definition:
            return decision
        same = _asked(rec, decision.bound) == _asked(rec, theirs.input)
        return Decision("reuse", port=theirs.port, output=theirs.output) if same else decision

    def _hope(self, rec: Rec, need: Need) -> bool | None:
        """True: it holds. False: not yet. None: it can no longer hold (9)."""
        others = [(self._look(rec.scope, entry.node), entry) for entry in need.entries]
        if need.kind == "settled":
            return all(other.settled for other, _ in others)
        if any(other.settled and entry.holds(other.port) for other, entry in others):
            return True
        hopeless = all(other.settled for other, _ in others)
        return None if hopeless else False

    def _look(self, scope: Scope, name: str) -> Rec:
        """The node that a name means, from within a scope: the innermost."""
        for around in reversed(scope.around()):
            if name in around.recs:
                return around.recs[name]
        assert self.root is not None
        return self.root.recs[name]  # seen from `finally`

    def _freeze(self, rec: Rec) -> None:
        rec.seen = self._names(rec.scope)

    def _names(self, scope: Scope) -> Seen:
        """What is seen from within a scope; from `finally`, at any depth, the flow's own nodes too."""
        around = scope.around()
        outside = [self.root] if around[0].final and self.root is not None else []
        return names_for(self.given, [*outside, *around])

    @staticmethod
    def _skip(rec: Rec) -> None:
        rec.status = "skipped"

    def _carry_out(self, rec: Rec, decision: Decision) -> None:
        match decision.kind:
            case "skip":
                self._skip(rec)
            case "fail":
                self._fail(rec, decision.error)
            case "succeed":
                rec.succeed(decision.port, decision.output)
            case "reuse":
                rec.succeed(decision.port, decision.output)
                rec.status = "reused"
            case "finish":
                rec.succeed("done", decision.output)
                self._end(rec.scope, ("finished", decision.output))
            case "wait":
                rec.status, rec.word, rec.awaits, rec.timer = "waiting", self.word, decision.awaits, decision.timer
            case "open":
                rec.launch(self.word)
                rec.over, rec.concurrency, rec.carried = decision.over, decision.concurrency, decision.output
                rec.timer = decision.timer
            case _:
                rec.bound = decision.bound
                self._launch(rec)

    def _fail(self, rec: Rec, error: dict[str, Json]) -> None:
        rec.status, rec.error = "failed", error
        if rec.scope.verdict is not None:
            return
        if rec.node.on_error == "continue":
            rec.status, rec.port = "skipped", "error"  # 22
        elif rec.node.handled:
            rec.port = "error"
        elif not rec.scope.final:  # 15: in `finally` the others go on
            self._fail_scope(rec.scope, error)

    def _fail_scope(self, scope: Scope, error: dict[str, Json]) -> None:
        """17: a failure that nobody handles ends what it stands in, with its siblings; `collect` ends the item alone."""
        owner = scope.owner
        if owner is None or owner.node.on_error == "collect":
            self._end(scope, ("failed", error))
        else:
            self._fail_container(owner, error)

    def _fail_container(self, rec: Rec, error: dict[str, Json]) -> None:
        if rec.failing is None and not rec.cancelling:
            rec.failing = error
            for item in rec.items:
                self._end(item, ("cancelled", None))

    # --- signals ---------------------------------------------------------------------------------------------------

    def _signal_moves(self, rec: Rec) -> Iterator[Move]:
        name = rec.path if rec.status == "unknown" else rec.awaits
        if name is None or not self.signals.get(name) or self._older_waits(rec, name):
            return
        settles = not rec.node.is_library or (rec.status == "unknown" and not rec.open_step)
        yield Move(lambda: self._take_signal(rec, name), ("node", rec.path) if settles else None)

    def _older_waits(self, rec: Rec, name: str) -> bool:
        """25: the oldest first, of signals and of those who wait for them."""
        return any(
            other.status == "waiting" and other.awaits == name and other.word < rec.word for other in self.recs()
        )

    def _take_signal(self, rec: Rec, name: str) -> None:
        signal = self.signals[name].pop(0)
        body: dict[str, Json] = signal.payload if isinstance(signal.payload, dict) else {}
        rec.timer = False
        if rec.status == "unknown":
            self._take_decision(rec, body)
        elif rec.node.is_library:
            self._wake(rec)
        elif rec.node.use == "approval":
            output = {
                "by": signal.by,
                "at": _moment(signal.at),
                "comment": body.get("comment"),
                "form": body.get("form"),
            }
            rec.succeed("approved" if body["approved"] else "rejected", output)
        else:
            rec.succeed("done", signal.payload)

    def _take_decision(self, rec: Rec, body: dict[str, Json]) -> None:
        if body["decision"] == "done" and rec.open_step is None:
            rec.succeed("done", body.get("output"))
        elif body["decision"] in {"done", "retry"}:
            rec.steps += [rec.open_step] if body["decision"] == "done" and rec.open_step else []
            rec.attempt += 1 if body["decision"] == "retry" else 0  # 24: a step that is done lets its attempt go on
            self._launch(rec)
        else:
            self._fail(rec, {"type": "unknown", "node": rec.path, "attempts": rec.attempt})

    # --- containers ------------------------------------------------------------------------------------------------

    def _map_moves(self, rec: Rec) -> Iterator[Move]:
        still = [item for item in rec.items if not item.closed]
        if rec.cancelling or rec.failing is not None:
            if not still:
                yield Move(lambda: self._stop_container(rec), ("node", rec.path) if rec.failing else None)
        elif len(rec.items) < len(rec.over) and len(still) < rec.concurrency:
            yield Move(lambda: self._open_item(rec))
        elif not still:
            yield Move(lambda: rec.succeed("done", _gathered(rec)), ("node", rec.path))

    def _open_item(self, rec: Rec) -> None:
        index = len(rec.items)
        names = {rec.node.item_name: rec.over[index], "index": index}
        self._open(rec, index, names)

    def _open(self, rec: Rec, index: int, names: dict[str, Json]) -> None:
        assert rec.node.body is not None
        rec.items.append(Scope(f"{rec.path}[{index}].", rec.node.body, rec, index, names))

    def _stop_container(self, rec: Rec) -> None:
        if rec.cancelling:
            rec.status = "cancelled"
        else:
            assert rec.failing is not None
            self._fail(rec, rec.failing)

    def _loop_moves(self, rec: Rec) -> Iterator[Move]:
        turn = rec.items[-1] if rec.items else None
        if turn is not None and not turn.closed:
            return
        if rec.cancelling or rec.failing is not None:
            yield Move(lambda: self._stop_container(rec), ("node", rec.path) if rec.failing else None)
        elif turn is None:
            yield Move(lambda: self._open(rec, 0, {"turn": {"value": rec.carried, "index": 0}}))
        else:
            assert turn.verdict is not None
            yield from self._after_turn(rec, turn, turn.verdict)

    def _after_turn(self, rec: Rec, turn: Scope, verdict: tuple[str, Json]) -> Iterator[Move]:
        fact = ("node", rec.path)
        _, value = verdict
        enough = until_holds(rec, self._names(turn), turn.index, value)
        if isinstance(enough, dict):
            yield Move(lambda: self._fail(rec, enough), fact)
        elif enough:
            yield Move(lambda: rec.succeed("done", value), fact)  # 18
        elif turn.index + 1 >= rec.node.max_turns:
            yield Move(lambda: rec.succeed("exhausted", value), fact)
        else:
            index = turn.index + 1
            yield Move(lambda: self._open(rec, index, {"turn": {"value": value, "index": index}}))

    # --- ends ------------------------------------------------------------------------------------------------------

    def _end(self, scope: Scope, verdict: tuple[str, Json]) -> None:
        """The scope ends with what it has: what waits is cancelled at once, what runs is told to stop."""
        if scope.verdict is None and not scope.closed:
            scope.verdict = verdict
            for rec in scope.recs.values():
                self._stop(rec)

    def _stop(self, rec: Rec) -> None:
        if rec.status in {"pending", "waiting", "retrying"} or (rec.status == "running" and rec.held):
            rec.status, rec.timer, rec.awaits = "cancelled", False, None
        elif rec.status == "running" and not (rec.failing and all(item.closed for item in rec.items)):
            rec.cancelling = True
            for item in rec.items:
                self._end(item, ("cancelled", None))

    def _close(self, scope: Scope) -> None:
        """14: everything in it has settled; what does it give?"""
        scope.closed = True
        if scope.verdict is None:
            scope.verdict = self._result(scope)
            if scope.verdict[0] == "failed" and scope.owner is not None and scope.owner.node.on_error != "collect":
                self._fail_scope(scope, scope.verdict[1])  # type: ignore[arg-type]

    def _result(self, scope: Scope) -> tuple[str, Json]:
        if scope.body.output is None or scope.final:
            return ("finished", None)
        path = scope.owner.path if scope.owner is not None else None
        value, error = evaluate(scope.body.output, self._names(scope), nothing_is_null=True)
        if error is not None:
            return ("failed", {"type": error, "node": path, "attempts": 1})
        return ("finished", value)


def _asked(rec: Rec, bound: Json) -> str:
    """What makes two inputs the same, as text (`0` is not `false`); of an approval, what the person was shown."""
    if rec.node.use == "approval" and isinstance(bound, dict):
        return canonical({"question": bound.get("question"), "show": bound.get("show")})
    return canonical(bound)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _gathered(rec: Rec) -> Json:
    """17: the list, in order; with `collect` what failed stands beside it."""
    verdicts = [item.verdict or ("finished", None) for item in rec.items]
    outputs = [value if kind == "finished" else None for kind, value in verdicts]
    if rec.node.on_error != "collect":
        return outputs
    errors = [{"index": i, **value} for i, (kind, value) in enumerate(verdicts) if kind == "failed"]  # type: ignore[dict-item]
    return {"items": outputs, "errors": errors}
