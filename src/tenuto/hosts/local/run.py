"""The driver of one run: what happened goes into the heart at once, what follows is done when it is durable.

A pipeline. Results that come in one turn of the loop are decided one by one and appended together; while that append is
on its way to the disk, further ones are decided already. The commands of a decision are kept with its write and carried
out when the journal says that it is durable, unless a later fact has answered them.

What one word causes may be thousands of facts, or of commands: they are made `SLICE` at a time, and others have their
turn of the loop in between. What is said to the run meanwhile waits. The facts are one append all the same: they are kept
together or not at all.

If a write fails, everything after it failed too: the state is dropped and read again from the journal, and what nodes
had said is said again. What people had asked (a signal, a cancel, a start) is answered with the error instead: nothing
was acknowledged. Functions that run go on running meanwhile.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

from tenuto.core.commands import CancelNode, Command, Finish, RunNode, SetTimer, StartChild
from tenuto.core.events import Fact
from tenuto.core.inputs import Cancel, Failed, Input, Queue, Resume, Signal, Start, Wake
from tenuto.core.machine import State, decide, proceed, take, todo
from tenuto.hosts.local.acks import awaited_ack
from tenuto.hosts.local.attempts import Attempt
from tenuto.hosts.local.outputs import message_of
from tenuto.hosts.local.owner import Ack
from tenuto.hosts.local.services import Services
from tenuto.hosts.local.slices import SLICE, Slices
from tenuto.hosts.local.turn import Said, Turn, changed
from tenuto.ports.codec import encode
from tenuto.ports.journal import Row, RunEntry, Write

# What comes from outside is not said again after a failed write: who asked is told that it failed.
_FROM_OUTSIDE = (Signal, Cancel, Start, Queue, Wake)


class House(Protocol):
    """What a run asks of the host that it lives in."""

    def begin_child(self, run: "Run", command: StartChild) -> None: ...

    def cancel_child(self, run: "Run", command: CancelNode) -> None: ...

    async def call_flow(self, run: "Run", path: str, flow: str, given: Any, version: str | None, key: str) -> Any: ...

    @property
    def alone(self) -> bool:
        """Whether at most one run is at work."""
        ...

    def became_quiet(self, run: "Run") -> None:
        """Nothing is in flight: the run may leave memory."""
        ...

    def became_busy(self, run: "Run") -> None: ...

    def child_waits(self, parent: str | None) -> None:
        """A run with this parent has come to wait."""
        ...

    def ended(self, run: "Run", finish: Finish) -> None: ...

    def write_failed(self, run: "Run", error: BaseException) -> None:
        """None of what was appended and not reported durable is: `Run.restart` with what the journal holds."""
        ...

    def crashed(self, run: "Run", error: Exception) -> None:
        """The heart raised, which it never should: this run cannot go on here."""
        ...


class Run:
    """One run in memory."""

    __slots__ = (
        "_blobs",
        "_due",
        "_error",
        "_facts",
        "_failed",
        "_flushing",
        "_house",
        "_in_flight",
        "_later",
        "_said",
        "_seq",
        "_unfinished",
        "attempts",
        "busy",
        "entry",
        "halted",
        "quiet",
        "services",
        "state",
    )

    def __init__(self, house: House, services: Services, state: State, entry: RunEntry) -> None:
        self._house = house
        self.services = services
        self.state = state
        self.entry = entry  # as it was last appended
        self.attempts: dict[str, Attempt] = {}
        self.busy = 0  # tasks of the host on behalf of this run
        self.halted = False  # a write failed: nothing is decided until the state was read again
        self.quiet = False
        self._seq = state.seq  # of the last fact appended
        self._facts: list[Fact] = []
        self._said: list[Said] = []
        self._blobs: list[tuple[str, bytes]] = []
        self._flushing = False
        self._unfinished: Input | None = None  # what was said, while not all that follows from it is decided
        self._later: list[Said] = []  # said meanwhile
        self._due = Slices(self._carry_out)
        self._in_flight: deque[Turn] = deque()
        self._failed: list[Said] = []
        self._error: BaseException | None = None  # the first that a write met

    @property
    def id(self) -> str:
        return self.entry.id

    @property
    def settled(self) -> bool:
        """Nothing runs, and everything that was decided is durable."""
        under_way = self.attempts or self._in_flight or self._said or self._due or self.busy
        return not (under_way or self.halted or self.deciding)

    @property
    def deciding(self) -> bool:
        """Not all that follows from what was said is decided yet."""
        return self._unfinished is not None

    @property
    def writing(self) -> bool:
        return bool(self._in_flight or self._said or self.deciding)

    async def decided(self) -> None:
        """Whoever asks what may be said to the run waits until it has come to rest."""
        while self.deciding:  # noqa: ASYNC110  each turn of the loop is a slice, and there are few
            await asyncio.sleep(0)

    def landing(self) -> "asyncio.Future[None]":
        """Done when what was said so far is on the disk, or failed."""
        landed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ack: Ack = lambda _: None if landed.done() else landed.set_result(None)  # noqa: E731
        (self._in_flight[-1].said if self._in_flight else self._said).append((Wake(0.0), ack))
        return landed

    def unbusy(self) -> None:
        self.busy -= 1
        self._look_whether_quiet()

    # --- saying

    async def ask(self, said: Input) -> None:
        """Durable when this returns."""
        done, ack = awaited_ack()
        self.tell(said, ack)
        await done

    def tell(self, said: Input, ack: Ack | None = None) -> None:
        if self.halted:
            self._failed.append((said, ack))
            return
        if self._unfinished is not None:
            self._later.append((said, ack))
            return
        try:
            self._facts += decide(self.state, said, SLICE)
        except Exception as error:  # noqa: BLE001  the heart never raises; if it does, only this run may suffer
            self._crash(error, ack)
            return
        self._said.append((said, ack))
        if self.quiet:
            self.quiet = False
            self._house.became_busy(self)
        if self.state.agenda:
            self._unfinished = said
            asyncio.get_running_loop().call_soon(self._go_on)
            return
        if self._flushing:
            return
        if not self.attempts:
            self._flush()  # nobody else can have anything to say in this turn of the loop
        else:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _go_on(self) -> None:
        """The next slice of a long decision; after the last, what was said meanwhile."""
        said = self._unfinished
        if said is None or self.halted:
            return
        try:
            self._facts += proceed(self.state, said, SLICE)
        except Exception as error:  # noqa: BLE001  as in `tell`
            self._crash(error, None)
            return
        if self.state.agenda:
            asyncio.get_running_loop().call_soon(self._go_on)
            return
        self._unfinished = None
        self._flush()
        later, self._later = self._later, []
        for each, ack in later:
            self.tell(each, ack)

    def keep(self, digest: str, content: bytes) -> None:
        """Put it into the blob store with the next append."""
        self._blobs.append((digest, content))

    def _crash(self, error: Exception, ack: Ack | None) -> None:
        self.halted = True
        self._unfinished = None
        waiting = [said for turn in self._in_flight for said in turn.said] + self._said + self._later
        for each in [ack, *(ack for _, ack in waiting)]:
            if each is not None:
                each(error)
        self._house.crashed(self, error)

    # --- making durable

    def _flush(self) -> None:
        self._flushing = False
        if self.halted or self.deciding or not self._said:
            return
        said, self._said = self._said, []
        facts, self._facts = self._facts, []
        commands = take(self.state)
        if not facts:
            self._without_facts(said, commands)
            return
        turn = Turn(said, facts, commands, self._seq + 1)
        try:
            write = self._write(turn)
        except Exception as error:  # noqa: BLE001  what cannot be written down would wedge the run if it stayed
            self._crash(error, None)
            return
        self._in_flight.append(turn)
        self.services.journal.append(write, alone=self._house.alone)

    def _without_facts(self, said: list[Said], commands: list[Command]) -> None:
        """Nothing to write, but what was written before may not be durable yet."""
        if self._in_flight:
            self._in_flight[-1].said += said
            self._in_flight[-1].commands += commands
        else:
            self._done(said, commands)

    def _write(self, turn: Turn) -> Write:
        rows: list[Row] = []
        blobs, self._blobs = self._blobs, []
        seq = self._seq
        for fact in turn.facts:
            body, extra = encode(fact)
            seq += 1
            rows.append(Row(seq, fact.type, fact.at, body))
            blobs += extra
        self._seq = seq
        return Write(self.id, rows, self._durable, blobs, self._changed_entry(turn))

    def _changed_entry(self, turn: Turn) -> RunEntry | None:
        state, entry = self.state, self.entry
        status = state.status
        if status == entry.status and turn.first > 1:
            return None
        turn.status = status
        ended_at = turn.facts[-1].at if state.ended is not None else None
        self.entry = changed(entry, status, ended_at)
        return self.entry

    def _durable(self, error: BaseException | None) -> None:
        turn = self._in_flight.popleft()
        if error is not None or self.halted:
            self._broke(turn, error)
            return
        hub = self.services.hub
        hub.durable(self.entry, turn.first, turn.facts, turn.status)
        if turn.status == "waiting":
            self._house.child_waits(self.entry.parent)
        if hub.observers:
            hub.recorded(self.entry, status=turn.status is not None, asks=bool(self.state.waiters))
        self._done(turn.said, turn.commands)

    def _done(self, said: Sequence[Said], commands: Sequence[Command]) -> None:
        for _, ack in said:
            if ack is not None:
                ack(None)
        if commands:
            self._due.add(commands)
        else:
            self._look_whether_quiet()

    def _look_whether_quiet(self) -> None:
        if self.settled and not self.quiet:
            self.quiet = True
            self._house.became_quiet(self)

    # --- doing

    def _carry_out(self, commands: Sequence[Command]) -> None:
        if self.halted:
            return  # a state that is read again says what is due
        for command in self.state.still(commands):
            match command:
                case RunNode():
                    self._run_node(command)
                case SetTimer():
                    self.services.timers.set(self.id, command.path, command.due)
                case StartChild():
                    self._house.begin_child(self, command)
                case CancelNode():
                    self._cancel_node(command)
                case Finish():
                    self._house.ended(self, command)
        self._look_whether_quiet()

    def _run_node(self, command: RunNode) -> None:
        services = self.services
        if services.closing or not services.options.drive or command.path in self.attempts:
            return
        try:
            definition = self.services.registry[command.use]
        except Exception as error:  # noqa: BLE001  the node's module runs when it is imported, and may raise anything
            self._fail(command.path, command.attempt, "node", message_of(error))
            return
        attempt = self.attempts[command.path] = Attempt(self, command, definition)
        attempt.start()

    def _cancel_node(self, command: CancelNode) -> None:
        attempt = self.attempts.get(command.path)
        if attempt is not None:
            attempt.stop("cancelled")
        elif command.run is not None:
            self._house.cancel_child(self, command)
        else:
            self._fail(command.path, command.attempt, "cancelled", self._why_not_begun())

    def _why_not_begun(self) -> str:
        """An earlier process may have begun it and ended in the middle, which nobody recorded."""
        if self.state.resumes:
            return "it may have been running when the process ended, and was not begun again"
        return "cancelled before it began"

    def _fail(self, path: str, attempt: int, kind: str, message: str) -> None:
        said = Failed(self.services.clock(), path, attempt, kind, message, retry=False)
        asyncio.get_running_loop().call_soon(self.tell, said)  # not at once: a long row of failures would nest as deep

    def left(self, path: str, said: Input | None) -> None:
        """An attempt is over."""
        self.attempts.pop(path, None)
        if said is not None:
            self.tell(said)

    async def call_flow(self, path: str, flow: str, given: Any, version: str | None, key: str) -> Any:
        return await self._house.call_flow(self, path, flow, given, version, key)

    # --- when a write failed

    def _broke(self, turn: Turn, error: BaseException | None) -> None:
        """The turn was not kept, and so no later one is. The last to be reported starts the repair."""
        self.halted = True
        self._error = self._error or error
        self._failed += turn.said
        if not self._in_flight and self._error is not None:
            self._failed += [*self._said, *self._later]
            self._said, self._later, self._facts, self._unfinished = [], [], [], None
            failed_with, self._error = self._error, None
            self._house.write_failed(self, failed_with)

    def refuse(self, error: BaseException) -> None:
        """Tell everybody from outside that it did not come to pass."""
        kept: list[Said] = []
        for said, ack in self._failed:
            if not isinstance(said, _FROM_OUTSIDE):
                kept.append((said, ack))
            elif ack is not None:
                ack(error)
        self._failed = kept

    def restart(self, state: State, entry: RunEntry) -> None:
        """Go on from what the journal holds; what nodes had said is said again."""
        self.state, self.entry = state, entry
        self._seq = state.seq
        self._due.clear()  # what is due, the state says
        self.halted = False
        failed, self._failed = self._failed, []
        state.outbox = todo(state)
        self._flushing = True  # in one append: nothing that a result answers may begin again before it
        for said, ack in failed:
            self.tell(said, ack)
        self.tell(Wake(self.services.clock()))
        self._flush()

    def take_over(self, said: Resume | Wake) -> None:
        """Go on with a state that was read from the journal: what is outstanding is done when this is durable."""
        self.state.outbox = todo(self.state)
        self.tell(said)
