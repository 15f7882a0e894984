"""A second opinion on what a flow does: simple, slow, and written from the rules alone.

It keeps no counters and no queues. After every word that it is told, it looks at the whole tree of nodes again and
again until nothing more can happen; what can happen is worked out afresh each time from the statuses of the nodes.

Where several things can happen within one word, the rules leave their order open ("the first recorded wins"). `order`
then says which came first in the history under test: it only chooses among what can happen, so a history with a fact
that could not have happened, or without one that had to, still differs. Numbers in comments are those of the rules.
"""

from collections.abc import Mapping

from tenuto.core import inputs

from .moves import Moves, Order
from .tree import Json, Rec, Scope

NEVER_RETRIED = frozenset({"input", "expression", "permission"})
NodeWord = (
    inputs.Starting
    | inputs.StepStarting
    | inputs.StepDone
    | inputs.StepMismatch
    | inputs.Succeeded
    | inputs.Failed
    | inputs.Doubt
    | inputs.Suspended
)


class Reference(Moves):
    """Tell it what happened, word by word; ask it how the run stands."""

    # --- how it stands ---------------------------------------------------------------------------------------------

    @property
    def status(self) -> str:
        assert self.ended is not None
        return {"finished": "succeeded"}.get(self.ended[0], self.ended[0])

    @property
    def output(self) -> Json:
        return self.ended[1] if self.ended is not None and self.ended[0] == "finished" else None

    @property
    def error(self) -> dict[str, Json] | None:
        return self.ended[1] if self.ended is not None and self.ended[0] != "finished" else None  # type: ignore[return-value]

    def settled(self) -> dict[str, tuple[str, str | None]]:
        """Of every node that has settled: status, and port where one fired."""
        return {rec.path: (rec.status, rec.port) for rec in self.recs() if rec.settled}

    def outstanding(self) -> set[tuple[str, str, int]]:
        """What a host is asked to do: nodes and children to run, nodes to stop."""
        return {task for rec in self.recs() if (task := _task(rec)) is not None}

    def timers(self) -> set[str]:
        return {rec.path for rec in self.recs() if rec.timer and not rec.settled}

    # --- what it is told -------------------------------------------------------------------------------------------

    def tell(self, word: inputs.Input, order: Order) -> None:
        if self.ended is not None or self._heard_before(word):
            return
        self.word, self.order = self.word + 1, order
        if isinstance(word, inputs.Start):
            self.root = self.root or Scope("", self.flow.body)
        elif self.root is not None:
            self._hear(self.root, word)
        elif isinstance(word, inputs.Cancel):
            self.ended = ("cancelled", {"type": "cancelled", "node": None})  # 26: a queued run, at once
        elif isinstance(word, inputs.Signal):
            self.signals.setdefault(word.name, []).append(word)
        self._settle()

    def _heard_before(self, word: inputs.Input) -> bool:
        """25: the same Idempotency-Key is the same signal."""
        key = word.key if isinstance(word, inputs.Signal) else None
        before = key in self.signal_keys
        self.signal_keys |= set() if key is None else {key}
        return before

    def _hear(self, root: Scope, word: inputs.Input) -> None:
        match word:
            case inputs.Signal(name="budget"):
                self._hear_budget(root, word.payload)
            case inputs.Signal():
                self.signals.setdefault(word.name, []).append(word)
            case inputs.Cancel():
                self._end_undecided(root, "cancelled")
            case inputs.Resume():
                self._doubt_what_was_started()
            case inputs.TimerDue(path="run"):
                self._end_undecided(root, "timeout")
            case inputs.TimerDue(path="run.finally"):
                if self.final is not None:
                    self._end(self.final, ("cancelled", None))
            case inputs.TimerDue():
                self._hear_timer(word.path)
            case inputs.ChildBegun() | inputs.ChildEnded():
                self._hear_child(word)
            case (
                inputs.Starting()
                | inputs.StepStarting()
                | inputs.StepDone()
                | inputs.StepMismatch()
                | inputs.Succeeded()
                | inputs.Failed()
                | inputs.Doubt()
                | inputs.Suspended()
            ):
                self._hear_node(word)
            case _:
                pass

    def _end_undecided(self, root: Scope, kind: str) -> None:
        """The first recorded wins (19): an outcome that is decided stays."""
        if root.verdict is None:
            verdict = "cancelled" if kind == "cancelled" else "failed"
            self._end(root, (verdict, {"type": kind, "node": None, "attempts": None}))

    def _doubt_what_was_started(self) -> None:
        for rec in self.recs():
            if rec.status == "running" and (rec.started or rec.open_step) and not rec.cancelling:
                rec.status = "unknown"  # 23; one that is to stop is asked for again, and its answer says it

    def _hear_node(self, word: NodeWord) -> None:
        rec = self._called(word.path)
        if rec is None or _task(rec) is None or not rec.node.is_library or rec.attempt != word.attempt:
            return
        if isinstance(word, inputs.StepStarting | inputs.StepDone) and word.key in rec.steps:
            return  # 24: recorded once per key
        self._spend(word)
        match word:
            case inputs.Starting():
                rec.started = rec.node.use in self.once
            case inputs.StepStarting():
                rec.open_step = word.key
                rec.once_steps.add(word.key)
            case inputs.StepDone():
                rec.open_step = None if rec.open_step == word.key else rec.open_step
                rec.steps.append(word.key)
            case inputs.StepMismatch():
                self._drop_steps(rec, word.key)
            case inputs.Succeeded():
                rec.succeed(word.port, word.output)
            case inputs.Failed(kind="cancelled") if rec.started or rec.open_step:
                rec.status = "unknown"  # 23: stopped in the middle
            case inputs.Failed():
                self._attempt_failed(rec, word.kind, retry=word.retry)
                if word.fresh and rec.status == "retrying":
                    rec.steps, rec.once_steps = [], set()
            case inputs.Doubt():
                rec.status, rec.open_step = "unknown", word.step
            case inputs.Suspended():
                rec.status = "cancelled" if rec.cancelling else "waiting"
                rec.awaits, rec.timer = str(word.awaits["signal"]), word.awaits.get("seconds") is not None
                rec.answer = str(word.awaits["key"])

    @staticmethod
    def _drop_steps(rec: Rec, key: str) -> None:
        """24: it and all later ones; if nothing may repeat one of them, nobody knows."""
        if key in rec.steps:
            place = rec.steps.index(key)
            rec.steps, dropped = rec.steps[:place], rec.steps[place:]
            if rec.once_steps.intersection(dropped):
                rec.status, rec.open_step = "unknown", key

    def _hear_child(self, word: inputs.ChildBegun | inputs.ChildEnded) -> None:
        rec = self._called(word.path)
        if rec is None or _task(rec) is None or rec.node.use != "call" or isinstance(word, inputs.ChildBegun):
            return
        if word.run in self.ended_children:
            return  # an earlier attempt's: each has a run of its own (39)
        self.ended_children.add(word.run)
        self._spend(word)
        if rec.timed_out:
            self._attempt_failed(rec, "timeout", retry=True)  # 21
        elif word.status == "succeeded":
            rec.succeed("done", word.output)
        else:
            error = word.error or {}
            inside = f"/{error['node']}" if error.get("node") else ""
            self._attempt_failed(rec, str(error.get("type", word.status)), retry=True, inside=inside)

    def _attempt_failed(self, rec: Rec, kind: str, *, retry: bool, inside: str = "") -> None:
        policy = rec.node.retry
        if rec.cancelling:
            rec.status = "cancelled" if kind == "cancelled" else "failed"
            rec.error = {"type": kind, "node": rec.path, "attempts": rec.attempt}
        elif (
            retry
            and rec.attempt < policy.attempts
            and kind not in NEVER_RETRIED
            and (not policy.on or kind in policy.on)
        ):
            rec.status, rec.timer = "retrying", True  # 20
        else:
            self._fail(rec, {"type": kind, "node": rec.path + inside, "attempts": rec.attempt})

    def _spend(self, word: inputs.Input) -> None:
        usage: Mapping[str, float] = getattr(word, "usage", None) or {}
        self.tokens += usage.get("tokens", 0)

    def _hear_budget(self, root: Scope, payload: Json) -> None:
        """34: more, or the end."""
        assert isinstance(payload, dict)
        if payload.get("stop"):
            self._end_undecided(root, "budget")
            return
        self.limit += payload["add"].get("tokens", 0)
        for rec in self.recs():
            if rec.held and not rec.settled and self.tokens < self.limit:
                self._launch(rec)

    def _hear_timer(self, path: str) -> None:
        rec = self._called(path)
        if rec is None or not rec.timer:
            return
        rec.timer = False
        if rec.status == "retrying":
            rec.attempt += 1
            self._launch(rec)
        elif rec.node.body is not None:
            self._fail_container(rec, {"type": "timeout", "node": rec.path, "attempts": rec.attempt})
        elif rec.node.use == "call":
            rec.timed_out = True
        elif rec.node.is_library:
            self._wake(rec)
        elif rec.awaits is None:
            rec.succeed("done", None)
        else:
            rec.succeed("timeout", None)  # 16

    def _called(self, path: str) -> Rec | None:
        return next((rec for rec in self.recs() if rec.path == path), None)


def _task(rec: Rec) -> tuple[str, str, int] | None:
    if rec.status != "running" or rec.node.body is not None or rec.held:
        return None
    if rec.cancelling or rec.timed_out:
        return ("cancel", rec.path, rec.attempt)
    return ("call" if rec.node.use == "call" else "run", rec.path, rec.attempt)
