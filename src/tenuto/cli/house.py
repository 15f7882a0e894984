"""The data directory that a command works on: looked at, owned, or reached through the process that owns it.

The only file of the command line that opens anything.
"""

import asyncio
import contextlib
import getpass
import os
import shlex
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from tenuto.cli.control import OwnerGone, RemoteEngine
from tenuto.cli.look import plural, size
from tenuto.cli.tap import Listen, Tap
from tenuto.ports.agent_house import AgentHouse
from tenuto.ports.database_url import no_backup
from tenuto.ports.engine import Engine, Refused
from tenuto.ports.files import KeptFiles
from tenuto.ports.journal import Owned
from tenuto.service.archive import Archive
from tenuto.service.control import Keeper
from tenuto.settings import Settings

T = TypeVar("T")

# (topic, text, whether all is well or None for neither, what to do)
Finding = tuple[str, str, bool | None, str]

PATIENCE = 5.0  # how long an owner that does not answer yet is waited for, in seconds
_PAUSE = 0.1


@dataclass(slots=True, frozen=True)
class Recovered:
    """What a host says of a run that it took over (see there)."""

    run: str
    name: str
    flow: str
    status: str
    at: int
    total: int
    reused: int
    repeated: int
    doubtful: int
    trouble: str | None = None


@dataclass(slots=True, frozen=True)
class Place:
    """Where a command works. `words`: what to add to a command that is suggested, so that it works there too."""

    settings: Settings
    words: str = ""

    @property
    def data(self) -> Path:
        return self.settings.data

    @property
    def where(self) -> str:
        """Where its runs are."""
        return str(self.settings.database_url or self.data)

    def reaches(self, owned: Owned) -> bool:
        """Whether the process that owns the runs has its control socket in this directory."""
        return owned.directory is None or owned.directory == str(self.data.absolute())

    def named(self, run: str) -> str:
        """A run in a suggested command."""
        return f"{run}{self.words}"


@dataclass(slots=True)
class House:
    """An open data directory. `mine`: this process owns it."""

    archive: Archive
    engine: Engine
    keeper: Keeper
    mine: bool
    resume: Callable[[str | None], Awaitable[list[dict[str, Any]]]]
    failure: "asyncio.Future[None] | None" = None  # set when the storage fails for good
    warnings: tuple[str, ...] = ()
    logs: Callable[[str], Awaitable[list[dict[str, Any]]]] | None = None  # what the nodes of a run said
    agents: AgentHouse | None = None  # where runs that are driven here find agents
    owner: RemoteEngine | None = None  # who drives them, if that is another process
    listen: Listen | None = None  # to runs that are driven here
    taps: dict[str, Tap] = field(default_factory=dict[str, Tap])  # of runs that are about to be followed

    def tap(self) -> str | None:
        """The id for a new run that is listened to from before its beginning; None where another process drives it."""
        if self.listen is None:
            return None
        from tenuto.bootstrap import new_run_id

        run = new_run_id()
        self.taps[run] = Tap(self.listen, run)
        return run


def place_of(data: Path | None = None, stage: str | None = None) -> Place:
    """The settings that hold here, with what the command line says."""
    from tenuto.settings import WrongSetting, load

    try:
        settings = load(data=data, stage=stage)
    except WrongSetting as error:
        raise Refused("invalid", str(error), "`tenuto doctor` shows every setting") from None
    if settings.data.exists() and not settings.data.is_dir():
        raise Refused(
            "invalid", f"{settings.data} is not a directory", "--data names the directory where runs are kept"
        )
    return Place(settings, f" --data {shlex.quote(str(data))}" if data else "")


@contextlib.contextmanager
def looked_at(place: Place) -> Generator[Place]:
    """The place for who only looks: where nothing was ever saved, an empty one that is gone afterwards."""
    import tempfile

    from tenuto.bootstrap.store_later import has_store

    if has_store(place.settings):
        yield place
        return
    with tempfile.TemporaryDirectory(prefix="tenuto-") as folder:
        yield replace(place, settings=replace(place.settings, data=Path(folder)))


def user() -> str | None:
    """Who answers, as the journal will say."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return None


@contextlib.asynccontextmanager
async def reading(place: Place) -> AsyncGenerator[Archive]:
    """Look only; whoever owns the directory is not disturbed."""
    from tenuto.bootstrap import open_reader

    async with contextlib.AsyncExitStack() as stack:
        try:
            reader = await stack.enter_async_context(open_reader(place.settings))
        except FileNotFoundError:
            raise Refused(
                "not_found", f"there are no runs in {place.where}", "see --data, or start one with `tenuto run FILE`"
            ) from None
        yield _archive(reader)


@contextlib.asynccontextmanager
async def open_kept_files(place: Place) -> AsyncGenerator[KeptFiles]:
    """What runs were given and made, to look at."""
    from tenuto.bootstrap import open_files

    async with reading(place), open_files(place.settings) as files:
        yield files


async def driver(place: Place) -> str | None:
    """Who drives the runs there now, if somebody does."""
    from tenuto.bootstrap import open_reader

    async with open_reader(place.settings) as reader:
        return await reader.owner()


async def log_lines(place: Place, run: str) -> list[dict[str, Any]]:
    """What the nodes of a run said, as far as it was kept: a file beside the journal, whoever owns that."""
    from tenuto.bootstrap import open_logs

    return await open_logs(place.settings).read(run)


@contextlib.asynccontextmanager
async def owning(place: Place, flow_file: Path | None = None, *, drive: bool = True) -> AsyncGenerator[House]:
    """Own the directory, and answer others at its control socket meanwhile. Raises `Owned`."""
    from tenuto.bootstrap import open_engine, open_registry
    from tenuto.sdk.registry import library
    from tenuto.service.control import Desk, listening

    beside = flow_file.parent if flow_file else None
    registry = open_registry(place.settings, beside)
    async with open_engine(place.settings, registry, beside=beside, drive=drive) as opened:

        async def resume(run: str | None) -> list[dict[str, Any]]:
            return [asdict(recovered) async for recovered in opened.engine.recover(run)]

        engine, journal = opened.engine, opened.journal
        agents = engine.services.agents
        desk = Desk(engine, journal, lambda content: _strictly(content, library(registry)), resume, agents=agents)
        control = listening(place.data, desk) if drive else contextlib.nullcontext()
        async with control:
            yield House(
                _archive(opened.records),
                engine,
                journal,
                True,
                resume,
                engine.failure,
                opened.warnings,
                engine.services.logs.read,
                agents,
                listen=engine.listen,
            )


@contextlib.asynccontextmanager
async def reaching(place: Place, flow_file: Path | None = None, *, drive: bool = True) -> AsyncGenerator[House]:
    """Own the directory, or reach the process that does. `Owned` if that is somewhere else."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            house = await stack.enter_async_context(owning(place, flow_file, drive=drive))
        except Owned as owned:
            if not place.reaches(owned):
                raise
            house = visiting(place, await stack.enter_async_context(reading(place)))
        yield house


async def write(place: Place, action: Callable[[House], Awaitable[T]]) -> T:
    """One word said to a run that exists: the owner is told, or it is recorded here, and nothing is driven.

    An owner that is just coming or going does not answer: the action is tried again, so it must bear being repeated.
    """
    async with reading(place):
        pass  # a directory without runs is refused, and not made
    patience = Patience(place)
    while True:
        try:
            async with reaching(place, drive=False) as house:
                return await action(house)
        except OwnerGone:
            await patience.wait()


class Patience:
    """Waits for an owner that does not answer, but not for ever."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._left = int(PATIENCE / _PAUSE)

    async def wait(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise unreachable(self._place) from None
        await asyncio.sleep(_PAUSE)


def unreachable(place: Place) -> Refused:
    return Refused(
        "unreachable", f"another process owns {place.data} and does not answer", "stop it, or wait until it has ended"
    )


def visiting(place: Place, archive: Archive) -> House:
    """The directory as the process that owns it lets us work on it."""
    engine = RemoteEngine(place.data)
    return House(archive, engine, engine, mine=False, resume=engine.resume, owner=engine)


def _archive(store: Any) -> Archive:
    """Documents that are recorded were checked when they came: here only their shape is read, whatever is installed."""
    from tenuto.documents import load

    return Archive(store, store, lambda content: load(content, format="json").flow)


def _strictly(content: bytes, library: Any) -> Any:
    from tenuto.documents import load
    from tenuto.service.refusals import Invalid

    loaded = load(content, format="json", library=library)
    if loaded.flow is None:
        raise Invalid("the process that owns the data directory cannot run this flow", loaded.errors)
    return loaded.flow


def backup_to(place: Place, file: Path) -> None:
    """Write a copy of everything, whoever owns it."""
    from tenuto.bootstrap.backup import back_up

    if place.settings.database_url is not None:
        raise no_backup(place.settings.database_url, file)
    if file.exists():
        raise Refused("invalid", f"{file} exists already", "name another file")
    if not file.parent.is_dir():
        raise Refused("invalid", f"there is no directory {file.parent}", "make it first")

    async def copy_journal(target: Path) -> None:
        await write(place, lambda house: house.keeper.backup(target))

    try:
        asyncio.run(back_up(place.settings, copy_journal, file.absolute()))
    except OSError as error:
        raise Refused("invalid", f"{file} cannot be written: {error.strerror or error}") from None


async def examine(place: Place) -> list[Finding]:
    """What `doctor` finds in the data directory."""
    from tenuto.bootstrap import open_reader

    try:
        async with open_reader(place.settings) as reader:
            return await _examine(place, reader)
    except FileNotFoundError:
        return [("data", f"{place.where} has no runs yet", None, "")]
    except Exception as error:  # noqa: BLE001  whatever is wrong with it is what is to be told
        return [("data", f"{place.where}: {error}", False, "restore a backup, or name another directory with --data")]


async def _examine(place: Place, reader: Any) -> list[Finding]:
    owner = await reader.owner()
    who = f"{owner} drives its runs" if owner else "nobody drives its runs now"
    where = place.settings.database_url or place.data.absolute()
    found: list[Finding] = [
        ("data", f"{where}, {size(await reader.size())}, epoch {await reader.epoch()}, {who}", True, "")
    ]
    if place.data.exists() and not os.access(place.data, os.W_OK):
        found.append(("data", f"{place.data} cannot be written", False, "runs can be looked at, but not driven"))
    problems = await reader.problems()
    unfinished = await _archive(reader).unfinished()
    found += [("data", f"damaged: {problem}", False, "restore a backup") for problem in problems[:5]] or [
        ("integrity", "everything is as it was written", True, "")
    ]
    if unfinished and not owner:
        found.append(
            (
                "runs",
                f"{plural(len(unfinished), 'run')} not ended, and nobody drives them",
                None,
                f"tenuto resume{place.words}",
            )
        )
    return found
