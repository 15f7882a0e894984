"""Export and import: a flow leaves with the flows that it calls and the agents that it names, and comes in all or not at all.

The files: `service.bundles`. The agents: `service.transfer_agents`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tenuto.core.flow import Flow
from tenuto.core.problems import Problem
from tenuto.ports.sealed import ANY_STAGE
from tenuto.ports.store import Transaction
from tenuto.ports.versions import Version
from tenuto.sdk.definition import NodeDefinition
from tenuto.sdk.errors import BrokenNode, UnknownNode
from tenuto.service import bundles, flows, transfer_agents
from tenuto.service.agents import Saved as SavedAgent
from tenuto.service.bundles import Bundle, Files, Needed, Text, located
from tenuto.service.flows import JSON, YAML, Checked, Saved
from tenuto.service.needs import Call, needs_of
from tenuto.service.principal import Principal
from tenuto.service.published import version_meant
from tenuto.service.refusals import Invalid, Refused
from tenuto.service.shelf import Shelf
from tenuto.service.transfer_agents import ArrivingAgents

MAX_FLOWS: Final = 200  # in one bundle

Registry = Mapping[str, NodeDefinition]


@dataclass(slots=True, frozen=True)
class Imported:
    """What came of a bundle. `problems`: what is missing here before the flows can run; nothing that refused them."""

    saved: list[Saved]
    problems: list[Problem]
    agents: list[SavedAgent] = field(default_factory=list[SavedAgent])

    def lines(self) -> Iterator[tuple[str, int | None, bool]]:
        """Name, version, whether that is new: of flows and agents."""
        yield from ((each.name, each.version, each.new) for each in self.saved)
        yield from ((f"agent {each.name}", each.number, each.new) for each in self.agents)


@dataclass(slots=True, frozen=True)
class Read:
    """A text of a bundle that holds a flow."""

    text: Text
    checked: Checked
    flow: Flow


@dataclass(slots=True)
class _Leaving:
    """What has been collected of a flow and those that it calls, by name and the version that a call names."""

    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    flows: dict[tuple[str, int | None], Flow] = field(default_factory=dict[tuple[str, int | None], Flow])


async def export(
    shelf: Shelf, tx: Transaction, who: Principal, name: str, version: str | None, registry: Registry
) -> Files:
    """The flow, what it calls (as far as that is written out in it), and a manifest of what else it needs."""
    leaving = _Leaving()
    first = await version_meant(tx, who.tenant, name, version, None)
    await _add(shelf, leaving, first, None)
    waiting = list(needs_of(leaving.flows[name, None]).calls)
    while waiting and len(leaving.flows) < MAX_FLOWS:
        call = waiting.pop()
        found = await _called(tx, who, call)
        pinned = found.number if found is not None and call.version else None
        if found is not None and (call.flow, pinned) not in leaving.flows:
            waiting += needs_of(await _add(shelf, leaving, found, pinned)).calls
    leaving.files |= await transfer_agents.leaving(shelf.agents, tx, who, leaving.flows.values())
    stages = [publication.stage for publication in await tx.publications.list(who.tenant, flow=name)]
    leaving.files[bundles.MANIFEST] = bundles.manifest(_needed(leaving, registry, stages), name)
    return leaving.files


async def admit(shelf: Shelf, tx: Transaction, who: Principal, bundle: Bundle, texts: "Arriving") -> Imported:
    """Save every flow of a bundle that was read by `read`. Any error refuses all of it."""
    await _check_calls(tx, who, texts)
    if texts.errors:
        raise Invalid("the bundle has problems", texts.errors, "nothing of it was imported")
    saved: list[Saved] = []
    for each in texts.in_order():
        known = each.text.pinned and await tx.versions.by_hash(who.tenant, each.flow.name, each.flow.hash)
        if not known:
            saved.append(await flows.save(shelf, tx, who, each.checked))
    await _check_pins(tx, who, texts)
    if texts.errors:
        raise Invalid("the bundle has problems", texts.errors, "nothing of it was imported")
    agents = await transfer_agents.admit(shelf.agents, tx, who, texts.agents)
    named = [(each.text.file, each.flow) for each in texts.texts]
    missing = await _missing(tx, who, texts, bundle.needs)
    missing += await transfer_agents.missing(shelf.agents, who, texts.agents, named)
    return Imported(saved, [*texts.warnings, *missing], agents)


@dataclass(slots=True)
class Arriving:
    """The texts of a bundle, checked one by one; what they need of each other is asked in the transaction."""

    texts: list[Read] = field(default_factory=list[Read])
    agents: ArrivingAgents = field(default_factory=ArrivingAgents)
    errors: list[Problem] = field(default_factory=list[Problem])
    warnings: list[Problem] = field(default_factory=list[Problem])

    def in_order(self) -> list[Read]:
        """Pinned versions first, so that the newest text is the newest version here too."""
        return sorted(self.texts, key=lambda each: (each.flow.name, each.text.pinned or 10**9))

    def calls(self) -> Iterator[tuple[Read, Call]]:
        for each in self.texts:
            for call in needs_of(each.flow).calls:
                yield each, call


async def read(shelf: Shelf, files: Files) -> tuple[Bundle, Arriving]:
    """Check the files of a bundle, before any transaction."""
    bundle = bundles.read(files)
    if len(bundle.texts) > MAX_FLOWS:
        raise Refused("too_large", f"the bundle holds {len(bundle.texts)} flows, more than {MAX_FLOWS}")
    found = Arriving(agents=await transfer_agents.arriving(bundle))
    _sort_out([*bundle.problems, *found.agents.errors], found)
    for text in bundle.texts:
        checked = await flows.read(text.content, JSON if text.format == "json" else YAML, shelf.library)
        _sort_out([located(problem, text.file) for problem in checked.loaded.problems], found)
        if checked.loaded.flow is not None:
            _take(Read(text, checked, checked.loaded.flow), found)
    return bundle, found


def _sort_out(problems: list[Problem], found: Arriving) -> None:
    for problem in problems:
        (found.errors if problem.severity == "error" else found.warnings).append(problem)


def _take(read: Read, found: Arriving) -> None:
    name, file = read.flow.name, read.text.file
    stem = file.removeprefix("flows/").rpartition(".")[0].partition("@")[0]
    if stem != name:
        hint = f"call the file `{bundles.file_of(name, read.text.format, read.text.pinned)}`"
        found.errors.append(Problem(f"{file}: flow", "wrong_name", f"this file holds the flow `{name}`", hint))
    elif any((each.flow.name, each.text.pinned) == (name, read.text.pinned) for each in found.texts):
        found.errors.append(Problem(file, "duplicate", f"the flow `{name}` is in the bundle twice", "keep one file"))
    else:
        found.texts.append(read)


async def _check_calls(tx: Transaction, who: Principal, found: Arriving) -> None:
    """Whatever is called is in the bundle, or here."""
    inside = {each.flow.name for each in found.texts}
    for each, call in found.calls():
        if call.flow not in inside and await _called(tx, who, call) is None:
            said = f"`{call.flow}` is called, and is neither in the bundle nor here"
            found.errors.append(
                Problem(f"{each.text.file}: {call.path}.with.flow", "unknown_flow", said, "import it first")
            )


async def _check_pins(tx: Transaction, who: Principal, found: Arriving) -> None:
    """A call that names a version means here what it meant where it comes from."""
    pinned = {(each.flow.name, str(each.text.pinned)): each.flow.hash for each in found.texts if each.text.pinned}
    for each, call in found.calls():
        if call.version is None:
            continue
        here = await _called(tx, who, call)
        meant = pinned.get((call.flow, call.version))
        if here is None or (meant is not None and here.hash != meant):
            hint = (
                f"name it by its hash, which is the same everywhere: {meant}" if meant else "import that version first"
            )
            said = f"version {call.version[:12]} of `{call.flow}` is not the same here"
            found.errors.append(Problem(f"{each.text.file}: {call.path}.with.version", "other_version", said, hint))


async def _missing(tx: Transaction, who: Principal, found: Arriving, needs: Needed) -> list[Problem]:
    """What has to be set here before the flows can do their work."""
    variables = {name for each in found.texts for name in each.flow.vars}
    secrets = {name for each in found.texts for name in each.flow.secrets}
    stages = [ANY_STAGE, *(stage.name for stage in await tx.stages.list(who.tenant))]
    set_here = {value.name for stage in stages for value in await tx.variables.of_stage(who.tenant, stage)}
    sealed_here = await _secret_names(tx, who.tenant)
    said = [("variable", name) for name in sorted(variables - set_here)]
    said += [("secret", name) for name in sorted(secrets - sealed_here)]
    said += [("stage", name) for name in needs.stages if name not in stages]
    return [
        Problem(bundles.MANIFEST, f"missing_{what}", f"the {what} `{name[:80]}` is not here yet", "", "warning")
        for what, name in said
    ]


async def _secret_names(tx: Transaction, tenant: str) -> set[str]:
    names: set[str] = set()
    cursor: str | None = None
    while True:
        page = await tx.sealed.list(tenant, limit=500, cursor=cursor)
        names |= {entry.name for entry in page.items}
        if page.next_cursor is None:
            return names
        cursor = page.next_cursor


async def _add(shelf: Shelf, leaving: _Leaving, version: Version, pinned: int | None) -> Flow:
    flow = await shelf.published.flow(version.document, version.hash)
    kind = "json" if version.media_type == JSON else "yaml"
    leaving.files[bundles.file_of(version.flow, kind, pinned)] = version.source.encode()
    leaving.flows[version.flow, pinned] = flow
    return flow


async def _called(tx: Transaction, who: Principal, call: Call) -> Version | None:
    try:
        return await version_meant(tx, who.tenant, call.flow, call.version, None)
    except Refused:
        return None


def _needed(leaving: _Leaving, registry: Registry, stages: list[str]) -> Needed:
    every = [needs_of(flow) for flow in leaving.flows.values()]
    nodes = sorted({name for each in every for name in each.nodes})
    own = {secret for name in nodes for secret in _secrets_of(registry, name)}
    return Needed(
        tuple(sorted({name for each in every for name in each.variables})),
        tuple(sorted({name for each in every for name in each.secrets} | own)),
        tuple(nodes),
        tuple(stages),
    )


def _secrets_of(registry: Registry, name: str) -> tuple[str, ...]:
    try:
        return registry[name].secrets
    except (UnknownNode, BrokenNode):
        return ()
