"""A run from its start (or from where it was) to its end, on the terminal: `run`, `resume`, `runs retry`, `runs fork`.

The process that owns the data directory drives the run. If that is another one, the run is handed over and followed;
if that one ends first, the run goes on here.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tenuto.cli.agent_report import last_line
from tenuto.cli.control import OwnerGone
from tenuto.cli.describe import error_text, place_text, result_text, wait_todo
from tenuto.cli.failures import FAILED, INTERRUPTED, SUCCEEDED, WAITING
from tenuto.cli.following import Following, Manner
from tenuto.cli.house import House, Patience, Place, Recovered, reaching
from tenuto.cli.inside import blank_of
from tenuto.cli.lines import final_line
from tenuto.cli.look import COLOURS, Look, line, look_of, note, plural, safe, say
from tenuto.cli.painting import coloured
from tenuto.cli.recovered import recovered_lines
from tenuto.ports.engine import Outcome
from tenuto.ports.files import mentioned
from tenuto.ports.journal import RunEntry, RunQuery
from tenuto.service.agent_efforts import Efforts, efforts_of, text_of
from tenuto.service.agent_flows import agent_of
from tenuto.service.archive import Archive
from tenuto.service.follow import Flow, Follower
from tenuto.service.projection import ENDED, RunView

LINES = 20  # how many runs have a line of their own

# Starts a run in the house; its id.
Begin = Callable[[House], Awaitable[str]]


@dataclass(slots=True)
class Seen:
    """A run as it stood when it was left. `raised`: where in its author's code a node failed, if that is known."""

    view: RunView
    follower: Follower
    raised: str = ""

    def line(self) -> str:
        view = self.view
        return line(
            {"id": view.id, "name": view.name, "status": view.status, "output": view.output, "error": view.error}
        )


async def drive(
    place: Place, begin: Begin, manner: Manner, flow_file: Path | None = None, flow: Flow | None = None
) -> int:
    """Start a run and follow it to its end, whoever drives it; the exit code. `flow`: as its author wrote it."""
    patience = Patience(place)
    run = asked = ""
    while True:
        try:
            async with reaching(place, flow_file) as house:
                warn(house)
                run = run or await _begun(house, asked)
                known = await _known(house, run) if run else 0
                if not run:
                    run = await begin(house)
                else:
                    note("the process that drove this run has ended" + ("; going on here" if house.mine else ""))
                    await take_over(house, run)
                return await follow(house, run, manner, known, flow)
        except OwnerGone as gone:
            asked = gone.run or asked
            await patience.wait()


async def _begun(house: House, asked: str) -> str:
    """The run that an owner was asked to start before it ended, if it did so: it must not be started twice."""
    found = await house.archive.journal.runs(RunQuery(name=asked)) if asked else []
    return asked if any(entry.id == asked for entry in found) else ""


def warn(house: House) -> None:
    for warning in house.warnings:
        note(f"warning: {warning}")


async def take_over(house: House, run: str | None) -> list[Recovered]:
    """Go on with a run, or with all that have not ended; what was not in hand already."""
    return [Recovered(**said) for said in await house.resume(run)]


async def follow(house: House, run: str, manner: Manner, known: int = 0, flow: Flow | None = None) -> int:
    """Show the run until it has ended, or may not be waited for; the exit code."""
    entry = await house.archive.find(run)
    follower = Follower(flow or await house.archive.flow(entry.document), await house.archive.names(entry))
    agent = agent_of(entry) is not None
    tap, blank = house.taps.pop(entry.id, None), blank_of(house.archive)
    following = Following(house.engine, entry.id, follower, blank, manner, known, agent=agent, tap=tap)
    try:
        outcome = await or_failure(house, following.run())
    except asyncio.CancelledError:
        _left(house, Seen(follower.view(), follower), manner)
        raise
    if outcome.status not in ENDED:
        follower = await house.archive.follower(entry)  # with whatever the runs that it called ask
    seen = Seen(_completed(follower.view(), outcome), follower, await _raised(house, outcome))
    if manner.json:
        report_json(seen, manner)
    elif agent:
        report_agent(seen, efforts_of(await house.archive.facts(entry.id)), manner)
    else:
        report(seen, manner)
    return code_of(outcome.status)


async def _raised(house: House, outcome: Outcome) -> str:
    """`raised at nodes/pay.py:12 in charge`, as the log of this process has it: the journal does not."""
    if house.logs is None or not outcome.error:
        return ""
    said = [line["text"] for line in await house.logs(outcome.id) if line["path"] == outcome.error.get("node")]
    return next((text for text in reversed(said) if text.startswith("raised at ")), "")


async def or_failure(house: House, following: Awaitable[Outcome]) -> Outcome:
    """The outcome, unless the storage fails for good first."""
    failure = house.failure
    task = asyncio.ensure_future(following)
    if failure is None:
        return await task
    try:
        await asyncio.wait({task, failure}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            failure.result()
        return await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def code_of(status: str) -> int:
    return SUCCEEDED if status == "succeeded" else FAILED if status in ENDED else WAITING


# --- what is said last


def report(seen: Seen, manner: Manner) -> None:
    """The output, where there is one, and a line on how it went."""
    view, look = seen.view, look_of(sys.stdout)
    if view.output is not None:
        say()
        _show(view.output, look)
    _tell_end(seen, manner, final_line(view, look), lambda text, colour: _paint(text, colour, look))


def report_agent(seen: Seen, efforts: Efforts, manner: Manner) -> None:
    """What it said was shown as it came; where nobody watched, it is all that stands on stdout."""
    view, look = seen.view, look_of(sys.stdout)
    if sys.stdout.isatty():
        _tell_end(seen, manner, last_line(view, efforts, look), lambda text, colour: _paint(text, colour, look))
        return
    if view.output is not None:
        say(text_of(view.output))
    _tell_end(seen, manner, last_line(view, efforts, look_of(sys.stderr)), lambda text, _: note(text))


def _tell_end(seen: Seen, manner: Manner, last: str, tell: Callable[[str, str], None]) -> None:
    """What went wrong, how it went, what to do next. `tell`: a line in a colour."""
    view = seen.view
    if view.error is not None:
        tell("", "")
        tell(f"  {error_text(view.error, 2_000)} {place_text(view.error)}".rstrip(), "red")
        if seen.raised:
            tell(f"  {seen.raised}", "bright_black")
    tell("", "")
    tell(last, COLOURS[view.status])
    for text in _next(seen, manner):
        tell(f"  {look_of(sys.stdout).mark('arrow')} {text}", "cyan")


def report_json(seen: Seen, manner: Manner) -> None:
    """One line on stdout for programs; what to do next on stderr."""
    for text in _next(seen, manner):
        note(f"  {text}")
    manner.answer(seen.line())


def _next(seen: Seen, manner: Manner) -> list[str]:
    view = seen.view
    named = view.name + manner.words
    if view.status == "failed":
        return [f"tenuto runs retry {named}"]
    if view.status == "succeeded" and any(mentioned(view.output)):
        return [f"tenuto files get {named}"]
    if view.status not in ("waiting", "queued"):
        return []
    todos = [todo for wait in seen.follower.waits() if (todo := wait_todo(wait, named))]
    return [*todos[:5], f"tenuto resume {named}"]


def _completed(view: RunView, outcome: Outcome) -> RunView:
    """The outcome is the last word, even where a fact of it has not been seen."""
    view.status = outcome.status
    view.name, view.id = outcome.name, outcome.id
    if outcome.status in ENDED:
        view.output, view.error = outcome.output, dict(outcome.error) if outcome.error else None
    return view


def _left(house: House, seen: Seen, manner: Manner) -> None:
    """Ctrl-c: what becomes of the run now."""
    named = seen.view.name + manner.words
    if manner.json:
        manner.answer(seen.line())
    if house.mine:
        note(f"stopping (ctrl-c again: at once); `tenuto resume {named}` goes on")
    else:
        note(
            f"{seen.view.name} goes on in the process that owns the data directory; `tenuto runs watch {named}` follows it"
        )


def _show(value: object, look: Look) -> None:
    if not look.rich:
        say(result_text(value))
        return
    from rich.console import Console

    Console(file=sys.stdout).print(coloured(value))


def _paint(text: str, colour: str, look: Look) -> None:
    if not look.rich:
        say(text)
        return
    from rich.console import Console
    from rich.text import Text

    Console(file=sys.stdout, highlight=False).print(Text(safe(text), colour))


async def _known(house: House, run: str) -> int:
    facts = await house.archive.facts(run)
    return facts[-1][0] if facts else 0


# --- resume


async def resume(place: Place, word: str | None, manner: Manner) -> int:
    """Go on with a run, or with every one that has not ended; the exit code is the worst of theirs."""
    from tenuto.cli.house import reading

    async with reading(place) as archive:
        entries = [await archive.find(word)] if word else await _unfinished(archive)
    open_ones = [entry for entry in entries if entry.status not in ENDED]
    if not open_ones:
        said = f"{entries[0].name} has ended ({entries[0].status})" if word else f"every run in {place.data} has ended"
        note(f"nothing to resume: {said}")
        if word and manner.json:
            return await _show_ended(place, entries[0], manner)
        return SUCCEEDED
    return await _resume_here(place, open_ones, manner, only=bool(word))


async def _resume_here(place: Place, entries: Sequence[RunEntry], manner: Manner, *, only: bool) -> int:
    patience = Patience(place)
    while True:
        try:
            async with reaching(place, beside(entries)) as house:
                warn(house)
                known = await _known(house, entries[0].id)  # a short run may have ended before it can be followed
                tell_all(await take_over(house, entries[0].id if only else None), place, manner)
                if not house.mine:
                    note(f"another process owns {place.data}; following")
                return await _follow_all(house, entries, manner, known)
        except OwnerGone:
            await patience.wait()


async def _follow_all(house: House, entries: Sequence[RunEntry], manner: Manner, known: int) -> int:
    if len(entries) == 1:
        return await follow(house, entries[0].id, manner, known)
    quiet = replace(manner, ask=False)
    unsaid: Counter[str] = Counter()
    codes = await asyncio.gather(*(_outcome_line(house, entry, quiet, unsaid, len(entries)) for entry in entries))
    if unsaid:
        counts = ", ".join(f"{count} {status}" for status, count in sorted(unsaid.items()))
        say(f"… and {plural(unsaid.total(), 'more run')}: {counts}")
    return max(codes, key=(SUCCEEDED, WAITING, FAILED, INTERRUPTED).index)


async def _outcome_line(house: House, entry: RunEntry, manner: Manner, unsaid: Counter[str], total: int) -> int:
    """Of more than a screenful only those that failed have a line, and `unsaid` counts the others."""
    outcome = await house.engine.outcome(entry.id, until=manner.until)
    if total > LINES and outcome.status != "failed" and not manner.json:
        unsaid[outcome.status] += 1
        return code_of(outcome.status)
    follower = await house.archive.follower(await house.archive.find(entry.id))
    seen = Seen(_completed(follower.view(), outcome), follower)
    if manner.json:
        manner.answer(seen.line())
    else:
        look = look_of(sys.stdout)
        _paint(final_line(seen.view, look), COLOURS[seen.view.status], look)
        if seen.view.error:
            say(f"  {error_text(seen.view.error)} {place_text(seen.view.error)}".rstrip())
    return code_of(outcome.status)


def tell_all(taken: Sequence[Recovered], place: Place, manner: Manner) -> None:
    """A line for each, or for the first of many and a sum of the others. What could not be taken over is always said."""
    well = [each for each in taken if not each.trouble]
    shown = well if len(well) <= LINES else well[: LINES - 1]
    for recovered in [*(each for each in taken if each.trouble), *shown]:
        tell_recovered(recovered, place, manner)
    rest = well[len(shown) :]
    if rest:
        reused = plural(sum(each.reused for each in rest), "node")
        counts = f"{reused} reused, {sum(each.repeated for each in rest)} effects repeated"
        doubtful = sum(each.doubtful for each in rest)
        doubt = f", {doubtful} in doubt: `tenuto runs list --status waiting{place.words}`" if doubtful else ""
        (note if manner.json else say)(f"… and {plural(len(rest), 'more run')} ({counts}{doubt})")


def tell_recovered(recovered: Recovered, place: Place, manner: Manner) -> None:
    """On stdout, or beside it where that is for programs."""
    look = look_of(sys.stderr if manner.json else sys.stdout)
    tell = note if manner.json or recovered.trouble else say
    for text in recovered_lines(recovered, look, place.words):
        tell(text)


async def _show_ended(place: Place, entry: RunEntry, manner: Manner) -> int:
    from tenuto.cli.house import reading

    async with reading(place) as archive:
        follower = await archive.follower(entry)
    manner.answer(Seen(follower.view(), follower).line())
    return SUCCEEDED


async def _unfinished(archive: Archive) -> list[RunEntry]:
    """Of the runs that people started, the oldest first: children go on with their parents."""
    return [entry for entry in reversed(await archive.unfinished()) if entry.parent is None]


def beside(entries: Sequence[RunEntry]) -> Path | None:
    """Where the first run's document came from: its project's nodes stand there."""
    file = entries[0].labels.get("file")
    return Path(file) if file else None
