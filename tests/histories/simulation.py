"""A host that does everything in a random but lawful order, and holds the heart to the reference evaluator after each word.

One seed is one flow and one schedule: answers, failures, ports, suspensions, signals early and late, timers, cancels,
duplicates, crashes, torn appends, snapshots. Everything random comes from one `Random`, so a failure is its seed.
"""

import json
from collections.abc import Callable
from random import Random

from tenuto.core import inputs
from tenuto.core.commands import CancelNode, Finish, RunNode, SetTimer, StartChild
from tenuto.core.events import Fact, NodeFailed, NodeSucceeded
from tenuto.core.flow import Flow
from tenuto.core.machine import Origin, decide, evolve, new_state, restore, snapshot, take, todo
from tenuto.core.values import canonical
from tenuto.testing.driver import Driver
from tenuto.testing.invariants import check, numbered

from .comparing import by_path, difference, order_of, outstanding, parted, recorded, unworded
from .flows import LIBRARY, ONCE, PORTS, SIGNALS
from .reference import Reference

Json = object
OUTPUTS: tuple[Json, ...] = (0, 1, 2, "x", "one", None, True, [1, 2], [], {"a": 1})
KINDS = ("error", "error", "broken", "input", "timeout")
LIMIT = 400  # words; by then every run has been brought to its end
CALM = 120  # words; from here on nothing new happens to the run but what brings it to its end


class Simulation:
    """One run under a random host. `run()` raises `AssertionError` where heart and reference part."""

    def __init__(self, flow: Flow, random: Random, origin: Origin | None = None) -> None:
        given = {"n": random.randint(0, 2), "flag": random.random() < 0.5}
        self.random = random
        self.origin = origin
        name = "run-1" if origin is None else "run-2"
        self.driver = Driver(flow, input=given, library=LIBRARY, origin=origin, run=name)
        self.flow = flow
        self.words: list[inputs.Input] = []
        self.reference = self._new_reference()
        self.shadow = new_state(flow, self.driver.about, origin)
        self.torn = 0
        self.mischief = True

    # --- the run ---------------------------------------------------------------------------------------------------

    def run(self) -> "Simulation":
        self._begin()
        return self.run_on()

    def calm_down(self) -> "Simulation":
        """No more mischief: only what brings the run to its end."""
        self.mischief = False
        return self

    def run_on(self) -> "Simulation":
        for _ in range(LIMIT):
            if not self.over:
                self.turn()
        assert self.over, f"the run did not end: {self.driver.due}, {self.reference.settled()}"
        self._check_end()
        return self

    def _begin(self) -> None:
        """At once, or after a time in the queue, in which signals and a cancel may come."""
        if self.random.random() < 0.1:
            self.say(inputs.Queue(self.driver.now))
            if self.random.random() < 0.5:
                self.signal(self.random.choice(SIGNALS), "early")
            if self.random.random() < 0.2:
                self.say(inputs.Cancel(self.driver.now))
        if not self.over:
            self.say(inputs.Start(self.driver.now))

    @property
    def over(self) -> bool:
        return self.driver.state.ended is not None

    def turn(self) -> None:
        """One thing happens."""
        self.driver.now += self.random.choice((0, 0, 0.5, 3))
        roll = self.random.random()
        if len(self.words) > CALM:
            self.calm_down()
        if self.mischief and roll < 0.25:
            self._mischief()
        else:
            self._progress()

    def say(self, word: inputs.Input) -> list[Fact]:
        """Tell both, and compare; sometimes the append is torn on the way."""
        before = len(self.driver.facts)
        facts = self.driver.tell(word)
        self.words.append(word)
        if len(facts) > 1 and self.mischief and self.random.random() < 0.1:
            self._tear(before, len(facts))
        else:
            self.reference.tell(word, order_of(self.driver.facts))
        self._compare()
        return facts

    def _progress(self) -> None:
        commands = [command for command in self.driver.due if not isinstance(command, SetTimer | Finish)]
        timers = [command for command in self.driver.due if isinstance(command, SetTimer)]
        if self.driver.state.phase in {"new", "queued"}:
            self.say(inputs.Start(self.driver.now))
        elif commands and (not timers or self.random.random() < 0.85):
            self.answer(self.random.choice(commands))
        elif timers and self.random.random() < 0.7:
            self.fire(self.random.choice(timers))
        else:
            self.signal_somebody()

    def _mischief(self) -> None:
        tricks: list[tuple[int, Callable[[], object]]] = [
            (1, lambda: self.say(inputs.Cancel(self.driver.now))),
            (4, lambda: self.signal(self.random.choice(SIGNALS), self.random.choice(OUTPUTS))),
            (6, self.crash),
            (3, self.reload),
            (3, self.from_snapshot),
            (6, self.duplicate),
        ]
        weights = [weight for weight, _ in tricks]
        self.random.choices(tricks, weights)[0][1]()

    # --- answers ---------------------------------------------------------------------------------------------------

    def answer(self, command: RunNode | StartChild | CancelNode | object) -> None:
        match command:
            case RunNode():
                self._answer_node(command)
            case StartChild():
                self._answer_child(command)
            case CancelNode():
                self._answer_cancel(command)
            case _:
                raise AssertionError(command)

    def _answer_node(self, command: RunNode) -> None:
        now = self.driver.now
        if command.use in ONCE and not command.started:
            self.say(inputs.Starting(now, command.path, command.attempt))
            return
        roll = self.random.random()
        if roll < 0.7:
            port = self.random.choice(PORTS[command.use])
            output = self.random.choice(OUTPUTS)
            usage = self._usage()
            done = inputs.Succeeded(now, command.path, command.attempt, output, port, started_at=now, usage=usage)
            self.say(done)
        elif roll < 0.86:
            self.say(self._failure(command))
        elif command.use in ONCE:
            self.say(inputs.Doubt(now, command.path, command.attempt, "cut off"))
        elif roll < 0.92 and command.steps:
            self.say(inputs.StepMismatch(now, command.path, command.attempt, self.random.choice([*command.steps])))
        elif roll < 0.96:
            self._step(command)
        else:
            self._suspend(command)

    def _usage(self) -> dict[str, float] | None:
        return {"tokens": 1.0} if self.random.random() < 0.6 else None

    def _step(self, command: RunNode) -> None:
        """A step is recorded; a `once` one says first that it starts, and may be cut off there."""
        now, key = self.driver.now, f"s{len(self.words)}"
        if self.random.random() < 0.5:
            self.say(inputs.StepStarting(now, command.path, command.attempt, key, "h"))
            if self.random.random() < 0.5:
                self.crash()
        self.say(inputs.StepDone(now, command.path, command.attempt, key, "h", 1, usage=self._usage()))

    def _failure(self, command: RunNode) -> inputs.Failed:
        kind, retry = self.random.choice(KINDS), self.random.random() < 0.8
        failed = inputs.Failed(self.driver.now, command.path, command.attempt, kind, "no", retry=retry)
        failed.jitter, failed.usage, failed.fresh = self.random.random(), self._usage(), self.random.random() < 0.2
        return failed

    def _suspend(self, command: RunNode) -> None:
        key = f"k{len(self.words)}"
        awaits: dict[str, Json] = {"key": key, "signal": f"{command.path}:{key}"}
        if self.random.random() < 0.5:
            awaits["seconds"] = 5
        self.say(inputs.Suspended(self.driver.now, command.path, command.attempt, awaits))

    def _answer_child(self, command: StartChild) -> None:
        now = self.driver.now
        self.say(inputs.ChildBegun(now, command.path, command.run, "1"))
        if self.random.random() < 0.6:
            self._child_ended(command.path, command.run, "succeeded", self.random.choice(OUTPUTS))
        elif self.random.random() < 0.7:
            self._child_ended(command.path, command.run, "failed", None)

    def _child_ended(self, path: str, run: str, status: str, output: Json) -> None:
        error = None if status == "succeeded" else {"type": "error", "message": "no", "node": "x", "attempts": 1}
        if not self.over:
            self.say(inputs.ChildEnded(self.driver.now, path, run, status, output, error, self._usage()))

    def _answer_cancel(self, command: CancelNode) -> None:
        now, roll = self.driver.now, self.random.random()
        if command.run is not None:
            status = "cancelled" if roll < 0.7 else "succeeded"
            self._child_ended(command.path, command.run, status, 1 if status == "succeeded" else None)
        elif roll < 0.6:
            self.say(inputs.Failed(now, command.path, command.attempt, "cancelled", "stopped", retry=False))
        elif roll < 0.8:
            self.say(inputs.Succeeded(now, command.path, command.attempt, 1))
        else:
            self.say(inputs.Failed(now, command.path, command.attempt, "error", "no"))

    def fire(self, timer: SetTimer) -> None:
        self.driver.now = max(self.driver.now, timer.due)
        self.say(inputs.TimerDue(self.driver.now, timer.path))

    # --- from outside ----------------------------------------------------------------------------------------------

    def signal_somebody(self) -> None:
        """Somebody answers: an approval, a wait, a suspension, a node in doubt."""
        waiting = [rec for rec in self.reference.recs() if rec.awaits is not None and rec.status == "waiting"]
        doubtful = [rec for rec in self.reference.recs() if rec.status == "unknown" and rec.scope.verdict is None]
        if any(rec.held and not rec.settled for rec in self.reference.recs()) and self.random.random() < 0.7:
            more = {"stop": True} if self.random.random() < 0.1 else {"add": {"tokens": self.random.randint(1, 4)}}
            self.signal("budget", more)
            return
        if not waiting and not doubtful:
            return
        rec = self.random.choice([*waiting, *doubtful])
        if rec.status == "unknown":
            decision = self.random.choice(("retry", "done", "fail"))
            self.signal(rec.path, {"decision": decision, "output": 1})
        elif rec.node.use == "approval":
            self.signal(rec.path, {"approved": self.random.random() < 0.6, "comment": "so be it"})
        else:
            self.signal(str(rec.awaits), self.random.choice(OUTPUTS))

    def signal(self, name: str, payload: Json) -> None:
        key = f"key-{len(self.words)}" if name in SIGNALS and self.random.random() < 0.5 else None
        self.say(inputs.Signal(self.driver.now, name, payload, by="ann", key=key))

    def duplicate(self) -> None:
        """Something is told again that was told before; for choice of what is due, where a repeat would do harm."""
        timers = {command.path for command in self.driver.due if isinstance(command, SetTimer)}
        old = [word for word in self.words if _may_repeat(word, timers)]
        due = {getattr(command, "path", "") for command in self.driver.due}
        near = [word for word in old if getattr(word, "path", None) in due or isinstance(word, inputs.Signal)]
        if old:
            self.say(self.random.choice(near or old))

    # --- crashes ---------------------------------------------------------------------------------------------------

    def crash(self) -> None:
        """The owner dies. Unclean ends in a row are another test's subject: they poison a run."""
        done = sum(isinstance(fact, NodeSucceeded | NodeFailed) for fact in self._since_resume())
        clean = done == 0 or self.random.random() < 0.5
        self._rebuild()
        self.driver.epoch += 1
        self.say(inputs.Resume(self.driver.now, self.driver.epoch, clean))
        self.driver.issued = todo(self.driver.state)

    def _since_resume(self) -> list[Fact]:
        places = [place for place, fact in enumerate(self.driver.facts) if fact.type == "run.resumed"]
        return self.driver.facts[places[-1] :] if places else self.driver.facts

    def reload(self) -> None:
        self._rebuild()
        self.say(inputs.Wake(self.driver.now))
        self.driver.issued = todo(self.driver.state)

    def _rebuild(self) -> None:
        self.driver.state = self._replayed()
        take(self.driver.state)

    def _replayed(self):
        state = new_state(self.flow, self.driver.about, self.origin)
        for fact in self.driver.facts:
            evolve(state, fact)
        return state

    def from_snapshot(self) -> None:
        """SEMANTICS 31: the state goes on as a snapshot of itself, through JSON text."""
        self.driver.state = restore(self.flow, json.loads(canonical(snapshot(self.driver.state))), self.origin)
        take(self.driver.state)
        self.driver.issued = todo(self.driver.state)

    def _tear(self, before: int, given: int) -> None:
        """SEMANTICS 30: only a part of the facts reached the disk; the heart goes on from there."""
        self.torn += 1
        del self.driver.facts[before + self.random.randrange(given) :]
        lost = len(self.driver.facts) == before
        if lost:
            self.words.pop()
        self._rebuild()
        self.words.append(inputs.Wake(self.driver.now))
        self.driver.tell(self.words[-1])
        self.driver.issued = todo(self.driver.state)
        self.shadow = self._replayed()
        self.reference = self._new_reference()
        order = order_of(self.driver.facts)
        for word in self.words:
            self.reference.tell(word, order)

    # --- what must hold --------------------------------------------------------------------------------------------

    def _new_reference(self) -> Reference:
        about = self.driver.about
        run = {
            "id": about.run,
            "name": about.name,
            "tenant": about.tenant,
            "stage": about.stage,
            "started_at": None,
        }
        given = {"input": about.input, "vars": {}, "trigger": {}, "run": run}
        return Reference(self.flow, given, ONCE, self.origin.results if self.origin is not None else None)

    def _compare(self) -> None:
        self._compare_with_reference()
        self._compare_with_replay()
        ran = [
            (command.path, command.attempt, command.wake if isinstance(command, RunNode) else command.run)
            for command in self.driver.issued
            if isinstance(command, RunNode | StartChild)
        ]
        assert len(ran) == len(set(ran)), f"commanded twice: {ran}"

    def _compare_with_reference(self) -> None:
        mine, theirs = recorded(self.driver.facts), self.reference_recorded()
        assert mine == theirs, difference("recorded", mine, theirs)
        assert self.over == (self.reference.ended is not None), f"ended: {self.driver.status}, {self.reference.ended}"
        if self.over:
            return
        tasks, others = outstanding(self.driver), self.reference.outstanding()
        assert tasks == others, difference("outstanding", dict.fromkeys(tasks), dict.fromkeys(others))
        timers = {c.path for c in self.driver.due if isinstance(c, SetTimer)} - {"run", "run.finally"}
        assert timers == self.reference.timers(), f"timers: {timers}, {self.reference.timers()}"
        statuses = {path: node.status for path, node in self.driver.state.nodes.items()}
        expected = {rec.path: rec.status for rec in self.reference.recs() if rec.path in statuses}
        assert statuses == expected, difference("statuses", statuses, expected)

    def reference_recorded(self) -> dict[str, tuple[str, str | None]]:
        """What the reference would have in the journal of each node: a node that is cancelled at once leaves no fact."""
        found: dict[str, tuple[str, str | None]] = {}
        for rec in self.reference.recs():
            if rec.status in {"succeeded", "reused"}:
                found[rec.path] = (f"node.{rec.status}", rec.port)
            elif rec.error is not None and rec.status != "cancelled":
                found[rec.path] = ("node.failed", str(rec.error["type"]))
            elif rec.status == "skipped":
                found[rec.path] = ("node.skipped", None)
        return found

    def _compare_with_replay(self) -> None:
        """Replaying what is recorded gives the state, and the commands, that there are."""
        for fact in self.driver.facts[self.shadow.seq :]:
            evolve(self.shadow, fact)
        take(self.shadow)
        mine, theirs = snapshot(self.driver.state), snapshot(self.shadow)
        assert mine == theirs, f"a replay differs from the state: {', '.join(parted(mine, theirs))}"
        assert self.shadow.status == self.driver.status
        missing = decide(self.shadow, inputs.Wake(self.driver.now))
        assert missing == [], f"a replay finds something that was not recorded: {missing}"
        due, again = by_path(self.driver.due), by_path(todo(self.shadow))
        assert due == again, f"a replay asks for other commands:\n{due}\n{again}"

    def _check_end(self) -> None:
        reference = self.reference
        mine = (self.driver.status, canonical(unworded(self.driver.output)))
        theirs = (reference.status, canonical(unworded(reference.output)))
        assert mine == theirs, f"outcome (heart, reference): {mine}, {theirs}"
        if reference.error is not None:
            error = self.driver.error or {}
            for part in ("type", "node"):
                assert error.get(part) == reference.error.get(part), f"{part}: {error}, {reference.error}"
        run = self.driver.about.run
        assert check({run: numbered(self.driver.facts)}, flows={run: self.flow}) == []
        self._check_that_the_end_stands()

    def _check_that_the_end_stands(self) -> None:
        """R13: whatever arrives late changes nothing."""
        before = canonical(snapshot(self.driver.state))
        late = [inputs.Cancel(self.driver.now), inputs.TimerDue(self.driver.now, "run"), *self.words]
        self.random.shuffle(late)
        for word in late:
            assert self.driver.tell(word) == [], f"{word} changed a run that had ended"
        assert canonical(snapshot(self.driver.state)) == before


def _may_repeat(word: inputs.Input, timers: set[str]) -> bool:
    """A host repeats itself after a crash; these words say which attempt they mean, so that a repeat is harmless."""
    match word:
        case inputs.TimerDue():
            return word.path not in timers
        case inputs.Signal():
            return word.key is not None
        case inputs.Resume() | inputs.Suspended():
            return False
        case _:
            return True
