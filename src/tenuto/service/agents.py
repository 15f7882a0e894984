"""Agents of a tenant: saved under a name, version after version, over those of the catalog.

A version is a file as its author wrote it, and never changes; saving what means the same as the newest makes none. An agent of
the catalog is not changed: what a tenant saves under its name stands in its place until that is deleted.
"""

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tenuto.core.flow.findings import mapping
from tenuto.core.flow.names import wrong_flow_name
from tenuto.core.problems import Problem
from tenuto.documents.agent_file import KEYS, RESERVED, LoadedAgent, kebab, load_agent
from tenuto.documents.agent_text import agent_text_of, completed
from tenuto.documents.load import parse
from tenuto.documents.text import Refused as Unreadable
from tenuto.ports.agents import AgentVersion, AgentVersionEntry
from tenuto.ports.records import BadCursor, Page
from tenuto.ports.store import Transaction
from tenuto.sdk.agents.agent import Agent
from tenuto.service.agent_house import as_warning
from tenuto.service.agent_shelf import AgentShelf
from tenuto.service.agent_sources import read_version, saved
from tenuto.service.aside import aside
from tenuto.service.audit import audit
from tenuto.service.principal import Principal
from tenuto.service.published import DEFAULT_STAGE
from tenuto.service.refusals import Invalid, Refused, did_you_mean
from tenuto.service.sources import SourceFile

JSON: Final = "application/json"
MARKDOWN: Final = "text/markdown"
MEDIA_TYPES: Final[Mapping[str, str]] = {
    JSON: JSON,
    **dict.fromkeys((MARKDOWN, "text/x-markdown", "text/plain"), MARKDOWN),
}
_LONG: Final = 80
_FIELDS: Final = frozenset({*KEYS, "prompt", "extra"})  # of an agent that is sent as JSON


@dataclass(slots=True, frozen=True)
class Checked:
    """An agent file as it came, and what was found in it. `lacking`: of its tools. Made before a transaction is opened."""

    source: str
    loaded: LoadedAgent
    lacking: Sequence[Problem] = ()

    @property
    def problems(self) -> list[Problem]:
        return [*self.loaded.problems, *self.lacking]


@dataclass(slots=True, frozen=True)
class Saved:
    """`number`: of the version. `new`: there was nothing the same."""

    name: str
    number: int
    hash: str
    new: bool


@dataclass(slots=True, frozen=True)
class Shown:
    """An agent: one version of it. `version`: None where it comes from the catalog. `file`: where a folder is its source."""

    agent: Agent
    version: AgentVersion | None = None
    file: SourceFile | None = None


# --- reading


def read_file(source: bytes, *, name: str, team: str = "") -> Checked:
    """An agent file. Nothing is refused here: problems are data. `name`, `team`: where it does not say them."""
    loaded = load_agent(source, name=name, team=team, origin="store")
    text = source.decode("utf-8-sig", "replace")
    return Checked(text if loaded.agent is None else completed(text, loaded.agent), loaded)


async def check(source: bytes, *, name: str, team: str = "") -> Checked:
    """As `read_file`, without holding others up."""
    return await aside(len(source), read_file, source, name=name, team=team)


async def read(shelf: AgentShelf, who: Principal, source: bytes, media_type: str, name: str) -> Checked:
    """An agent as it was sent: a file, or an object with the keys of one and `prompt`."""
    kind = MEDIA_TYPES.get(media_type)
    if kind is None:
        said = f"an agent is Markdown or JSON, not `{media_type[:_LONG]}`"
        raise Refused("unsupported_media_type", said, f"send {MARKDOWN} or {JSON}")
    checked = await (check(source, name=name) if kind == MARKDOWN else _from_json(source, name))
    agent = checked.loaded.agent
    return checked if agent is None else replace(checked, lacking=await lacking(shelf, who, agent))


async def _from_json(source: bytes, name: str) -> Checked:
    value, problems = parse(source, format="json")
    fields = mapping(value)
    if fields is None:
        problems = problems or [Problem("", "wrong_type", "an agent is an object", "send its keys and `prompt`")]
        return Checked("", LoadedAgent(None, problems))
    unknown = [Problem(key, "unknown_key", "there is no such field", _key_hint(key)) for key in fields.keys() - _FIELDS]
    if unknown:
        return Checked("", LoadedAgent(None, unknown))
    try:
        text = agent_text_of(fields)
    except Unreadable as refused:
        return Checked("", LoadedAgent(None, [refused.problem]))
    checked = await check(text.encode("utf-8", "surrogatepass"), name=name)
    placeless = [replace(problem, line=None, column=None) for problem in checked.loaded.problems]
    return replace(checked, loaded=replace(checked.loaded, problems=placeless))


def _key_hint(key: str) -> str:
    return did_you_mean(key[:_LONG], _FIELDS) or "keys of your own stand in `extra`"


async def lacking(shelf: AgentShelf, who: Principal, agent: Agent) -> list[Problem]:
    """What is wrong with the tools that it names. It runs without them, so they are warnings.

    Servers may be asked for this: never in a transaction that writes.
    """
    if not agent.tools:
        return []
    found = await shelf.tools.check(agent.tools, tenant=who.tenant, stage=DEFAULT_STAGE)
    return [as_warning(problem) for problem in found]


# --- saving


async def save(
    shelf: AgentShelf,
    tx: Transaction,
    who: Principal,
    name: str,
    checked: Checked,
    *,
    match: Collection[str] = (),
    file: str | None = None,
) -> Saved:
    """The next version of the agent; the newest, if that means the same already.

    `match`: hashes of which it must have one now (`*`: any), so that nobody writes over what somebody else has changed.
    `file`: whence it comes.
    """
    agent = _fitting(name, checked)
    shelf.sources.refuse_if_from_file(who.tenant, name, unless=file)
    await _check_match(shelf, tx, who, name, match)
    version, new = await tx.agents.add(
        who.tenant,
        name,
        hash=agent.version,
        source=checked.source,
        description=agent.description,
        team=agent.team,
        by=who.by,
        at=shelf.clock(),
    )
    if new:
        details = {"version": version.number, "hash": version.hash}
        await audit(tx, who, "agents.save", name, details, at=version.at)
    return Saved(name, version.number, version.hash, new)


def _fitting(name: str, checked: Checked) -> Agent:
    """The agent, if it can be saved under that name."""
    agent = checked.loaded.agent
    if agent is None:
        raise Invalid("the agent has problems", checked.loaded.errors, "mend them and save it again")
    if wrong := wrong_flow_name(name):
        raise Invalid("the agent cannot be saved", [Problem("name", "wrong_name", wrong.replace("a flow's", "its"))])
    if name in RESERVED:
        problem = Problem("name", "reserved", f"`{name}` has a meaning of its own", "choose another name")
        raise Invalid("the agent cannot be saved", [problem])
    if agent.name != name:
        message = f"the agent calls itself `{agent.name}`, and it is to be saved as `{name}`"
        raise Invalid("the agent cannot be saved", [Problem("name", "other_name", message, "use one name for both")])
    return agent


async def _check_match(shelf: AgentShelf, tx: Transaction, who: Principal, name: str, match: Collection[str]) -> None:
    if not match:
        return
    version = await tx.agents.get(who.tenant, name)
    known = None if version else await shelf.catalog.find(name, tenant=who.tenant)
    now = version.hash if version else known.version if known else None
    if now is None or not {"*", now}.intersection(match):
        said = f"`{name}` is not there any more" if now is None else f"`{name}` has changed since: it is {now} now"
        raise Refused("changed", said, "read it again, and save what you make of that")


async def delete(shelf: AgentShelf, tx: Transaction, who: Principal, name: str, *, match: Collection[str] = ()) -> None:
    """Hide the agent; its versions stay readable. Runs in flight keep theirs. One of the catalog comes to light again."""
    name = _meant(name)
    if await tx.agents.get(who.tenant, name) is None:
        raise await _not_saved(shelf, who, name)
    shelf.sources.refuse_if_from_file(who.tenant, name)
    await _check_match(shelf, tx, who, name, match)
    await tx.agents.delete(who.tenant, name)
    await audit(tx, who, "agents.delete", name, at=shelf.clock())


async def _not_saved(shelf: AgentShelf, who: Principal, name: str) -> Refused:
    if await shelf.catalog.find(name, tenant=who.tenant) is not None:
        said = f"`{name}` comes with Tenuto and cannot be deleted"
        return Refused("conflict", said, "save one of your own under its name to put in its place")
    return await no_agent(shelf, who, name)


# --- looking


async def show(shelf: AgentShelf, tx: Transaction, who: Principal, name: str) -> Shown:
    """The newest version; of the catalog, where the tenant has none of its own."""
    name = _meant(name)
    version = await tx.agents.get(who.tenant, name)
    if version is None:
        known = await shelf.catalog.find(name, tenant=who.tenant)
        if known is None:
            raise await no_agent(shelf, who, name)
        return Shown(known)
    return Shown(_agent_of(shelf, version), version, shelf.sources.of(who.tenant, name))


async def show_version(shelf: AgentShelf, tx: Transaction, who: Principal, name: str, number: int) -> Shown:
    """A version never changes, and outlives its agent."""
    name = _meant(name)
    version = await tx.agents.get(who.tenant, name, number)
    if version is None:
        newest = await tx.agents.get(who.tenant, name)
        if newest is None:
            raise await no_agent(shelf, who, name)
        raise Refused("not_found", f"`{name}` has no version {number}", f"its versions are 1 to {newest.number}")
    return Shown(_agent_of(shelf, version), version)


def _agent_of(shelf: AgentShelf, version: AgentVersion) -> Agent:
    loaded = read_version(version, shelf.sources)
    if loaded.agent is None:  # a rule of today that the file of then does not keep
        raise Invalid(f"`{version.agent}` cannot be read any more", loaded.errors, "save it anew")
    return loaded.agent


async def history(
    shelf: AgentShelf, tx: Transaction, who: Principal, name: str, *, limit: int = 50, cursor: str | None = None
) -> Page[AgentVersionEntry]:
    """An agent's versions, the newest first; none of one that only the catalog has."""
    name = _meant(name)
    page = await tx.agents.history(who.tenant, name, limit=limit, cursor=cursor)
    if not page.items and await shelf.catalog.find(name, tenant=who.tenant) is None:
        raise await no_agent(shelf, who, name)
    return page


async def listing(
    shelf: AgentShelf,
    tx: Transaction,
    who: Principal,
    *,
    team: str | None = None,
    source: str | None = None,
    q: str = "",
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Shown]:
    """By name. `team`, `source` (`catalog`, `store`, `folder`): only those. `q`: a part of the name."""
    after = _read_cursor(cursor)
    entries = {entry.name: entry for entry in await saved(tx, who.tenant)}
    comes = {agent.name: agent for agent in await shelf.catalog.agents(tenant=who.tenant)}
    teams = {name: agent.team for name, agent in comes.items()} | {name: each.team for name, each in entries.items()}
    wanted = [
        name
        for name in sorted(teams)
        if name > after
        and q.lower() in name
        and team in (None, teams[name])
        and source in (None, _source(shelf, who, name, own=name in entries))
    ]
    found = [await _listed(shelf, tx, who, name) if name in entries else Shown(comes[name]) for name in wanted[:limit]]
    return Page(
        [each for each in found if each is not None], _cursor(wanted[limit - 1]) if len(wanted) > limit else None
    )


async def _listed(shelf: AgentShelf, tx: Transaction, who: Principal, name: str) -> Shown | None:
    """None where it cannot be read any more: asked for by name, it says why."""
    try:
        return await show(shelf, tx, who, name)
    except Invalid:
        return None


def _source(shelf: AgentShelf, who: Principal, name: str, *, own: bool) -> str:
    if not own:
        return "catalog"
    return "store" if shelf.sources.file(who.tenant, name) is None else "folder"


def _cursor(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None) -> str:
    try:
        return base64.b64decode((cursor or "") + "=" * (-len(cursor or "") % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise BadCursor("this cursor is not one that a page of this list gave: leave it out to begin again") from None


def _meant(name: str) -> str:
    """An agent may be asked for by its title as well."""
    return kebab(name) if wrong_flow_name(name) else name


async def no_agent(shelf: AgentShelf, who: Principal, name: str) -> Refused:
    hint = did_you_mean(name[:_LONG], await shelf.names(tenant=who.tenant))
    return Refused("not_found", f"there is no agent `{name[:_LONG]}`", hint or "GET /v1/agents lists them")
