"""Which names an expression may use where it stands, what is known of them, and what it says of them that is wrong.

Names are looked up from the innermost body outwards, as the machine does it: ids, then the names of the item or turn,
then `input`, `run`, `vars`, `trigger`, `secrets`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from tenuto.core.expressions import Reference, Value
from tenuto.core.flow.draft import Draft
from tenuto.core.flow.findings import Findings, mapping
from tenuto.core.flow.types import ANY, Shape, Step, step

RUN_FIELDS: Final = ("id", "name", "tenant", "stage", "started_at")
FINALLY_FIELDS: Final = (*RUN_FIELDS, "status", "error")
ERROR_FIELDS: Final = ("type", "message", "node", "attempts")
WORLD: Final = frozenset({"input", "run", "vars", "trigger", "secrets"})


@dataclass(slots=True)
class World:
    """What holds for the whole document."""

    findings: Findings
    input: Shape | None = None  # None: the flow declares no input
    vars: set[str] = field(default_factory=set[str])
    secrets: set[str] = field(default_factory=set[str])
    shapes: dict[str, Shape] = field(default_factory=dict[str, Shape])  # of outputs, by the path of the node


@dataclass(slots=True, frozen=True)
class Scope:
    """The names of one place, and those around it. `given` limits which names of the world are known here."""

    world: World
    nodes: Mapping[str, Draft] = field(default_factory=dict[str, Draft])
    local: Mapping[str, Shape] = field(default_factory=dict[str, Shape])
    parent: "Scope | None" = None
    run_fields: tuple[str, ...] = RUN_FIELDS
    given: frozenset[str] = WORLD

    def inner(self, nodes: Mapping[str, Draft], local: Mapping[str, Shape]) -> "Scope":
        return Scope(self.world, nodes, local, self, self.run_fields, self.given)

    def holder(self, name: str) -> "Scope | None":
        """The scope in which the name stands for a node, an item or a turn."""
        scope: Scope | None = self
        while scope is not None and name not in scope.nodes and name not in scope.local:
            scope = scope.parent
        return scope

    def names(self) -> Iterator[str]:
        """All that could be meant here, the nearest first."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.nodes
            yield from scope.local
            scope = scope.parent
        yield from self.given


class Use(NamedTuple):
    """A node that an expression mentions, and how."""

    node: str
    path: str
    optional: bool
    error: bool
    port: bool


class Place(NamedTuple):
    """Where a value stands in the document, and whether it may name secrets."""

    scope: Scope
    path: str
    secrets: bool = False


def uses_of(value: Value, place: Place) -> list[Use]:
    """The nodes that a value mentions. What it says wrongly becomes problems on the way."""
    return [
        Use(reference.name, place.path, reference.optional, reference.error, reference.port)
        for reference in value.references
        if _is_node(reference, value, place)
    ]


def _is_node(reference: Reference, value: Value, place: Place) -> bool:
    holder = place.scope.holder(reference.name)
    if holder is None:
        _check_given(reference, value, place)
        return False
    draft = holder.nodes.get(reference.name)
    if draft is None:
        _follow(reference, value, place, holder.local[reference.name])
        return False
    if reference.error:
        _check_error_fields(reference, value, place)
    elif reference.path and not reference.optional and not reference.port:
        _follow(reference, value, place, place.scope.world.shapes.get(draft.path, ANY))
    return True


def _check_given(reference: Reference, value: Value, place: Place) -> None:
    name = reference.name
    if name not in place.scope.given:
        hint = _unknown_hint(name, place.scope)
        _report(reference, value, place, "unknown_name", f"`{name}` is not known here", hint)
    elif name == "input":
        _check_input(reference, value, place)
    elif name == "run":
        _check_run(reference, value, place)
    elif name == "vars":
        _check_named(reference, value, place, place.scope.world.vars)
    elif name == "secrets":
        _check_secret(reference, value, place)


def _unknown_hint(name: str, scope: Scope) -> str:
    if name in {"item", "index"}:
        return "only the nodes of a `map` know it"
    if name == "turn":
        return "only the nodes of a `loop` know it"
    if name in WORLD:
        return f"here an expression knows {', '.join(f'`{each}`' for each in sorted(scope.given))}"
    if scope.world.input is not None:
        fields = (scope.world.input.resolved() or {}).get("properties")
        if name in (mapping(fields) or {}):
            return f"write `input.{name}`"
    return scope.world.findings.suggest(name, scope.names())


def _check_input(reference: Reference, value: Value, place: Place) -> None:
    declared = place.scope.world.input
    if declared is None:
        if reference.path:
            name = reference.path[0]
            hint = f"declare it: `input: {{{name}: string}}`"
            _report(reference, value, place, "unknown_input", f"the flow declares no input, so no `{name}`", hint)
        return
    for depth, key in enumerate(reference.path):
        found = step(declared, key)
        if found.problem:
            _report_step(reference, value, place, depth, found)
            return
        declared = found.shape


def _check_run(reference: Reference, value: Value, place: Place) -> None:
    known = place.scope.run_fields
    if reference.path and reference.path[0] not in known:
        name = str(reference.path[0])
        hint = "only `finally` knows how the run ended" if name in FINALLY_FIELDS else ""
        hint = hint or place.scope.world.findings.suggest(name, known) or f"it has: {', '.join(known)}"
        _report(reference, value, place, "unknown_name", f"`run` has no `{name}`", hint)


def _check_named(reference: Reference, value: Value, place: Place, names: set[str]) -> None:
    first = reference.path[0] if reference.path else None
    if isinstance(first, str):
        names.add(first)
    else:
        message = f"`{reference.name}` is named without saying which"
        _report(reference, value, place, "unnamed", message, f"write `{reference.name}.NAME`")


def _check_secret(reference: Reference, value: Value, place: Place) -> None:
    if place.secrets:
        _check_named(reference, value, place, place.scope.world.secrets)
    else:
        hint = "secrets stand only in `with` of library nodes other than `agent`"
        _report(reference, value, place, "secret_not_allowed", "a secret may not be read here", hint)


def _check_error_fields(reference: Reference, value: Value, place: Place) -> None:
    at = 1 if reference.path and reference.path[0] == "error" else 0
    name = reference.path[at] if len(reference.path) > at else None
    if name is not None and name not in ERROR_FIELDS:
        hint = place.scope.world.findings.suggest(str(name), ERROR_FIELDS) or f"it has: {', '.join(ERROR_FIELDS)}"
        _report(reference, value, place, "unknown_field", f"`{reference.name}.error` has no `{name}`", hint)


def _follow(reference: Reference, value: Value, place: Place, shape: Shape) -> None:
    for depth, key in enumerate(reference.path):
        found = step(shape, key)
        if found.problem:
            if not reference.optional:
                _report_step(reference, value, place, depth, found)
            return
        shape = found.shape


def _report_step(reference: Reference, value: Value, place: Place, depth: int, found: Step) -> None:
    said = written(reference.name, reference.path[:depth])
    hint = place.scope.world.findings.suggest(str(reference.path[depth]), found.choices)
    if not hint and found.choices:
        hint = f"it has: {', '.join(found.choices[:10])}"
    is_input = reference.name == "input" and not depth
    code = (
        "unknown_input"
        if is_input
        else "unknown_field"
        if found.problem.startswith("has no field")
        else "type_mismatch"
    )
    certain = found.certain or is_input
    _report(reference, value, place, code, f"`{said}` {found.problem}", hint, certain=certain)


def written(name: str, path: tuple[str | int, ...]) -> str:
    return name + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)


def _report(
    reference: Reference, value: Value, place: Place, code: str, message: str, hint: str = "", *, certain: bool = True
) -> None:
    inside, offset = locate(value, reference)
    findings = place.scope.world.findings
    say = findings.error if certain else findings.warn
    say(f"{place.path}{inside}", code, message, hint, offset=offset)


def locate(value: Value, reference: Reference) -> tuple[str, int | None]:
    """Where in a value a reference first stands: the path of the text (`.body[0]`), and the offset in it."""
    for path, found in value.located:
        if (found.name, found.path, found.error, found.port) == (
            reference.name,
            reference.path,
            reference.error,
            reference.port,
        ):
            return f".{path}" if path and not path.startswith("[") else path, found.offset
    return "", None
