"""The library of nodes: every node that is installed or stands in the project, by name. Nothing is imported before it is asked for.

Installed packages are found through the entry-point group `tenuto.nodes`, ours like anybody's: `slack = my_nodes.slack`
says that the card of all nodes `slack.*` is `my_nodes.slack.PACKAGE`. Node `slack.send_message` is the function of that
name in `my_nodes.slack.send_message`. A package may have one node that bears its bare name: `slack`, in
`my_nodes.slack.slack`. Names are unique; a name that is there twice is an error that names both places.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tenuto.core.flow.library import NodeType
from tenuto.core.problems import did_you_mean
from tenuto.sdk.definition import NodeDefinition, definitions_in
from tenuto.sdk.entry_points import EntryPoint, entry_points
from tenuto.sdk.errors import BrokenNode, UnknownNode
from tenuto.sdk.modules import load
from tenuto.sdk.package import Package
from tenuto.sdk.project import Found, files_in, scan


class Registry(Mapping[str, NodeDefinition]):
    """`registry["http.request"]` is the definition: `UnknownNode` if there is none, `BrokenNode` if it cannot be used.

    `paths`: folders and files of a project. `installed`: the entry points, found on `sys.path` unless given.
    Iterating gives the names that can be read; `broken` says what could not.
    """

    def __init__(self, paths: Iterable[Path] = (), *, installed: Sequence[EntryPoint] | None = None) -> None:
        self._paths = tuple(paths)
        self._given = installed
        self._entries: dict[str, EntryPoint] | None = None
        self._project: dict[str, Found] | None = None
        self._cards: dict[str, Package] = {}
        self._refused: dict[str, BrokenNode] = {}
        self._definitions: dict[str, NodeDefinition] = {}
        self.broken: list[BrokenNode] = []  # cards and project files that could not be read

    def __getitem__(self, name: str) -> NodeDefinition:
        found = self._definitions.get(name)
        if found is None:
            found = self._definitions[name] = self._find(name)
        return found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (
            name in self._definitions or name in self.project or self._card_of(name) is not None
        )

    def __iter__(self) -> Iterator[str]:
        names = {*self.project, *(name for card in self.cards() for name in card.nodes)}
        return iter(sorted(names))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def cards(self) -> list[Package]:
        """The cards of all installed packages, by name. One that cannot be read is in `broken`."""
        cards: list[Package] = []
        for name in sorted(self.entries):
            try:
                cards.append(self._card(name))
            except BrokenNode as error:
                self._note(error)
        return cards

    @property
    def entries(self) -> dict[str, EntryPoint]:
        """The installed packages by name. Where two claim the same, neither is used."""
        if self._entries is None:
            self._entries = {}
            for entry in entry_points() if self._given is None else self._given:
                other = self._entries.setdefault(entry.name, entry)
                if other is not entry:
                    said = f"two packages claim the nodes `{entry.name}.*`: {other.dist} and {entry.dist}"
                    self._refuse(entry.name, BrokenNode(said, hint="uninstall one"))
        return self._entries

    @property
    def project(self) -> dict[str, Found]:
        """What the project's files declare, by name. A name that is declared twice is not used."""
        if self._project is None:
            self._project = {}
            for file in dict.fromkeys(file.resolve() for path in self._paths for file in files_in(path)):
                self._scan(file, self._project)
        return self._project

    def _scan(self, file: Path, found: dict[str, Found]) -> None:
        try:
            declared = scan(file)
        except BrokenNode as error:
            self._note(error)
            return
        for one in declared:
            other = found.setdefault(one.name, one)
            if other is not one:
                said = f"`{one.name}` is declared twice, also at {other.where}"
                self._refuse(one.name, BrokenNode(said, where=one.where, hint="rename one"))

    def _find(self, name: str) -> NodeDefinition:
        own, card = self.project.get(name), self._card_of(name)
        if name in self._refused:
            raise self._refused[name]
        if own and card:
            said = f"`{name}` is also a node of the package {card.title}"
            raise BrokenNode(said, where=own.where, hint="rename yours")
        if own:
            return own.load()
        if card is None:
            raise self._unknown(name)
        return self._installed(name, card)

    def _unknown(self, name: str) -> UnknownNode | BrokenNode:
        hint = did_you_mean(name, self)
        if not hint and self.broken:
            return BrokenNode(f"there is no node `{name}`, but a file could not be read: {self.broken[0]}")
        return UnknownNode(name, hint or "`tenuto nodes` lists them")

    def _card_of(self, name: str) -> Package | None:
        prefix = name.partition(".")[0]
        if prefix not in self.entries:
            return None
        card = self._card(prefix)
        return card if name in card.nodes else None

    def _card(self, prefix: str) -> Package:
        if prefix in self._refused:
            raise self._refused[prefix]
        card = self._cards.get(prefix)
        if card is None:
            card = self._cards[prefix] = self._read_card(self.entries[prefix])
        return card

    def _read_card(self, entry: EntryPoint) -> Package:
        module = load(entry.module, f"the package `{entry.name}` of {entry.dist}")
        card = getattr(module, "PACKAGE", None)
        where = getattr(module, "__file__", None) or entry.module
        if not isinstance(card, Package):
            raise BrokenNode("the card is missing", where=where, hint='PACKAGE = Package(title="...", nodes=[...])')
        foreign = [name for name in card.nodes if name.partition(".")[0] != entry.name]
        if foreign:
            raise BrokenNode(
                f"`{foreign[0]}` cannot be a node of the package `{entry.name}`",
                where=where,
                hint=f"its nodes are called `{entry.name}.*`, or `{entry.name}`",
            )
        return dataclasses.replace(card, name=entry.name)

    def _installed(self, name: str, card: Package) -> NodeDefinition:
        own = name.partition(".")[2] or name
        module_name = f"{self.entries[card.name].module}.{own.replace('.', '_')}"
        module = load(module_name, f"`{name}`", install=card.install)
        definition = definitions_in(module).get(name)
        if definition is None:
            raise BrokenNode(
                f"the card names `{name}`, which this file does not declare", where=module.__file__ or module_name
            )
        return definition

    def _refuse(self, name: str, error: BrokenNode) -> None:
        """Whoever asks for that name gets the error; the others are not touched."""
        self._refused.setdefault(name, error)
        self._note(error)

    def _note(self, error: BrokenNode) -> None:
        if str(error) not in {str(known) for known in self.broken}:
            self.broken.append(error)


class LibraryView(Mapping[str, NodeType]):
    """A registry as the heart reads it. A node that cannot be used is there without schemas, and `broken` says why."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._types: dict[str, NodeType] = {}
        self.broken: dict[str, BrokenNode] = {}

    def __getitem__(self, name: str) -> NodeType:
        found = self._types.get(name)
        if found is None:
            found = self._types[name] = self._type(name)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._registry

    def __iter__(self) -> Iterator[str]:
        return iter(self._registry)

    def __len__(self) -> int:
        return len(self._registry)

    def _type(self, name: str) -> NodeType:
        try:
            return _node_type(self._registry[name])
        except BrokenNode as error:
            self.broken[name] = error
            return NodeType(name)


def library(registry: Registry) -> LibraryView:
    """The registry as the `Library` that documents are checked against."""
    return LibraryView(registry)


def _node_type(definition: NodeDefinition) -> NodeType:
    return NodeType(
        name=definition.name,
        ports=definition.ports,
        effects=definition.effects,
        input_schema=definition.input_schema,
        output_schema=definition.output_schema,
        description=definition.description,
    )
