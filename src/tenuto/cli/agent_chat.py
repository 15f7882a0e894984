"""`tenuto agents chat`: a talk at the prompt. Ctrl-c stops an answer, ctrl-d leaves; without a terminal each line is a message."""

import contextlib
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tenuto.cli.agent_house import named, place_with
from tenuto.cli.agent_report import efforts_line
from tenuto.cli.agent_talk import Talk, Turn, at_terminal, new_session
from tenuto.cli.agent_task import Where
from tenuto.cli.beside import Beside
from tenuto.cli.describe import error_text
from tenuto.cli.failures import FAILED, SUCCEEDED, WAITING
from tenuto.cli.following import Manner
from tenuto.cli.house import user
from tenuto.cli.look import cost, note, plural, safe, say
from tenuto.cli.painting import Cell, Painter
from tenuto.service.agent_efforts import text_of
from tenuto.service.agent_flows import Order
from tenuto.service.refusals import did_you_mean

_HISTORY: Final = "chat-history"  # in the data directory
_REMEMBERED: Final = 1_000  # lines
_HELP: Final = {
    "/help": "this",
    "/model [NAME]": "which model is asked; with a name, that one from now on",
    "/tools": "what the agent may use, and what it asks about first",
    "/cost": "what this conversation has cost so far",
    "/new": "begin a new conversation",
    "/exit": "leave (ctrl-d does it too)",
}


class Left(Exception):
    """The person has left."""


def chat(word: str, where: Where, *, model: str | None, runtime: str | None, session: str | None) -> int:
    name, folder = named(word, where.agents)
    place = place_with(where.data, where.stage, folder)
    order = Order(agent=name, task="", model=model, runtime=runtime, session=session or new_session())
    terminal = at_terminal()
    talk = Talk(place, order, Manner(wait=terminal, ask=terminal, words=place.words, by=user()))
    with Beside() as loop:
        try:
            loop.run(talk.open())
            return Chat(talk, loop, terminal=terminal).run()
        finally:
            loop.run(talk.close())


@dataclass(slots=True)
class Chat:
    talk: Talk
    loop: Beside
    terminal: bool

    def run(self) -> int:
        if not self.terminal:
            return self._lines()
        self._greet()
        with _edited(self.talk.place.data / _HISTORY), contextlib.suppress(Left):
            while True:
                self._message(_asked(Painter.for_stdout()))
        self._goodbye()
        return SUCCEEDED

    def _lines(self) -> int:
        """Each line of stdin is a message, each answer stands on stdout."""
        for text in sys.stdin:
            if text.strip():
                turn = self.loop.run(self.talk.say(text.strip()), self.talk.stop)
                if turn.outcome.status == "succeeded":
                    say(text_of(turn.outcome.output))
                    continue
                note(_trouble(turn, self.talk))
                return WAITING if turn.outcome.status == "waiting" else FAILED
        return SUCCEEDED

    # --- one message

    def _message(self, text: str) -> None:
        if not text:
            return
        if text.startswith("/"):
            self._command(text)
            return
        say()
        turn = self.loop.run(self.talk.say(text), self.talk.stop)
        say()
        if turn.outcome.status == "succeeded":
            _told(efforts_line(turn.efforts))
        else:
            colour = "bright_black" if turn.outcome.status == "cancelled" else "red"
            Painter.for_stdout().prose(_trouble(turn, self.talk), colour)
        say()

    def _command(self, text: str) -> None:
        word, _, rest = text.partition(" ")
        commands: dict[str, Callable[[str], None]] = {
            "/help": self._help,
            "/model": self._model,
            "/tools": self._tools,
            "/cost": self._cost,
            "/new": self._new,
            "/exit": self._exit,
            "/quit": self._exit,
        }
        command = commands.get(word)
        if command is None:
            _told(f"there is no {safe(word)}: {did_you_mean(word, commands) or '/help says what there is'}")
            say()
            return
        command(rest.strip())
        say()

    def _help(self, _: str) -> None:
        rows = [[Cell(f"  {word}", "cyan"), Cell(said, "bright_black")] for word, said in _HELP.items()]
        Painter.for_stdout().table(rows)

    def _model(self, name: str) -> None:
        before = self.talk.order
        if name:
            self.talk.order = replace(before, model=name)
        choice = self.loop.run(self.talk.choice())
        if choice.trouble:
            self.talk.order = before
            _told(choice.trouble)
        else:
            _told(f"asks {choice.names}  {choice.why}".rstrip())

    def _tools(self, _: str) -> None:
        agent = self.talk.agent
        if agent is None or not agent.tools:
            _told("it has no tools")
            return
        rows = [
            [Cell(f"  {tool}"), Cell("asks first" if tool in agent.approve else "", "yellow")] for tool in agent.tools
        ]
        Painter.for_stdout().table(rows)

    def _cost(self, _: str) -> None:
        spent = self.talk.spent
        _told(
            f"{plural(self.talk.turns, 'message')}, {efforts_line(spent)}" + ("" if cost(spent.cost) else ", no cost")
        )

    def _new(self, _: str) -> None:
        self.talk.order = replace(self.talk.order, session=new_session())
        _told("a new conversation: what was said before is forgotten")

    def _exit(self, _: str) -> None:
        raise Left

    # --- the beginning and the end

    def _greet(self) -> None:
        painter, talk = Painter.for_stdout(), self.talk
        agent = talk.agent
        name = agent.name if agent is not None else talk.order.agent
        painter.above([Cell(f"{painter.look.mark('start')} {name}", "bold")], Cell(agent.description if agent else ""))
        self._model("")
        for problem in agent.problems if agent is not None else ():
            painter.prose(f"{painter.look.mark('warning')} {problem}", "yellow")
        _told("ctrl-c stops an answer, ctrl-d leaves, /help says what else there is")
        say()

    def _goodbye(self) -> None:
        order = self.talk.order
        if self.talk.turns:
            words = f"{order.agent} --session {order.session}{self.talk.place.words}"  # on one line, to be copied
            Painter.for_stdout().line(Cell(f"  tenuto agents chat {words} goes on here", "bright_black"))


def _told(text: str) -> None:
    Painter.for_stdout().prose(text, "bright_black")


def _trouble(turn: Turn, talk: Talk) -> str:
    outcome = turn.outcome
    if outcome.status == "cancelled":
        return "stopped"
    if outcome.status == "waiting":
        return f"it waits for a person: tenuto runs show {outcome.name}{talk.place.words}"
    return error_text(dict(outcome.error or {}), 600)


def _asked(painter: Painter) -> str:
    """One message from the prompt. Ctrl-c drops the line, ctrl-d leaves."""
    try:
        return input(_prompt(painter)).strip()
    except EOFError:
        say()
        raise Left from None
    except KeyboardInterrupt:
        say()
        _told("ctrl-d or /exit leaves")
        return ""


def _prompt(painter: Painter) -> str:
    """The colours are marked for readline: it must not count them."""
    mark = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}" if painter.look.fancy else ">"
    return f"\x01\x1b[1;36m\x02{mark}\x01\x1b[0m\x02 " if painter.look.rich else f"{mark} "


@contextlib.contextmanager
def _edited(history: Path) -> Generator[None]:
    """Lines can be edited, and those of before are found again, where Python has readline."""
    try:
        import readline
    except ImportError:
        yield
        return
    with contextlib.suppress(OSError):
        readline.read_history_file(history)
    readline.set_history_length(_REMEMBERED)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            readline.write_history_file(history)
            history.chmod(0o600)
