"""What can be known of a value before a run: literals against a schema, and one schema against another.

A small part of JSON Schema, on the safe side: what it does not understand, it lets pass. Texts with `${…}` are holes:
one that is a whole expression may be anything, an interpolated one is text.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from tenuto.core.flow.findings import brief, has_expression, listing, mapping, number, what

TYPES: Final = frozenset({"string", "integer", "number", "boolean", "object", "array", "null"})
_MAX_HOPS: Final = 16
_MAX_ALTERNATIVES: Final = 100
_FUEL: Final = 20_000  # comparisons of one literal with its schema
_WHOLE: Final = re.compile(r"\$\{[^{}]*\}")


class Wrong(NamedTuple):
    """Where inside a literal it breaks the schema (`.a[0]`), and a sentence that starts with a verb."""

    where: str
    message: str


@dataclass(slots=True, frozen=True)
class Shape:
    """A schema with the document that its `$ref`s point into. `part` True allows anything."""

    part: object
    root: object = None

    @classmethod
    def of(cls, schema: Mapping[str, object] | None) -> "Shape":
        return ANY if schema is None else cls(schema, schema)

    def resolved(self) -> Mapping[str, object] | None:
        """The schema behind its references; None where nothing is known."""
        part = mapping(self.part)
        for _ in range(_MAX_HOPS):
            if part is None or "$ref" not in part:
                return part
            part = mapping(_pointed(self.root, part["$ref"]))
        return None

    def inside(self, part: object) -> "Shape":
        """A part of this schema. Shapes that were put together here may hold other shapes."""
        return part if isinstance(part, Shape) else Shape(part, self.root)

    def alternatives(self) -> "tuple[Shape, ...] | None":
        """The schemas of which a value fits at least one; None where nothing is known."""
        found: list[Shape] = []
        waiting: list[Shape] = [self]
        for _ in range(_MAX_ALTERNATIVES):
            if not waiting:
                return tuple(found)
            shape = waiting.pop(0)
            part = shape.resolved()
            if part is None:
                return None
            several = listing(part.get("anyOf")) or listing(part.get("oneOf"))
            if several is None:
                found.append(shape.inside(part))
            else:
                waiting += [shape.inside(member) for member in several]
        return None

    def kinds(self) -> frozenset[str] | None:
        """The JSON types that a value may have; None where nothing is known."""
        several = self.alternatives()
        if several is None:
            return None
        found: set[str] = set()
        for shape in several:
            names = _kinds_of(shape.resolved() or {})
            if names is None:
                return None
            found |= names
        return frozenset(found)


ANY: Final = Shape(None)


@dataclass(slots=True, frozen=True)
class Step:
    """What one step of a path into a value leads to: a shape, or why there can be nothing there."""

    shape: Shape
    problem: str = ""
    choices: tuple[str, ...] = ()
    certain: bool = True  # False: the schema leaves room for fields that it does not name


def step(shape: Shape, key: str | int) -> Step:
    """Go one step into a value of that shape."""
    several = shape.alternatives()
    if several is None:
        return Step(ANY)
    steps = [_step(each, key) for each in several]
    possible = [each for each in steps if not each.problem]
    if len(steps) == 1 or not possible:
        return _joined(steps)
    return possible[0] if len(possible) == 1 else Step(ANY)


def _joined(steps: list[Step]) -> Step:
    if len(steps) == 1:
        return steps[0]
    choices = tuple(choice for each in steps for choice in each.choices)
    return Step(ANY, steps[0].problem, choices, all(each.certain for each in steps)) if steps else Step(ANY)


def _step(shape: Shape, key: str | int) -> Step:
    part = shape.resolved() or {}
    names = _kinds_of(part)
    wanted = "array" if isinstance(key, int) else "object"
    if names is not None and wanted not in names:
        if names == {"null"}:
            return Step(ANY, "is null")
        return Step(ANY, f"is {_said(names)}, which has no {'items' if wanted == 'array' else 'fields'}")
    if isinstance(key, int):
        return Step(shape.inside(part.get("items")))
    return _field(shape, part, key)


def _field(shape: Shape, part: Mapping[str, object], key: str) -> Step:
    properties = mapping(part.get("properties"))
    if properties is not None and key in properties:
        return Step(shape.inside(properties[key]))
    more = part.get("additionalProperties")
    unknown = any(word in part for word in ("patternProperties", "allOf", "if", "dependentSchemas"))
    if unknown or more is True or mapping(more) is not None:
        return Step(shape.inside(more))
    if properties is None and more is None:
        return Step(ANY)
    return Step(ANY, f"has no field `{brief(key)}`", tuple(properties or ()), certain=more is False)


def disjoint(given: Shape, wanted: Shape) -> str:
    """Why no value of the one shape can be a value of the other, or nothing."""
    have, want = given.kinds(), wanted.kinds()
    if have is None or want is None or not have or not want:
        return ""
    if _with_numbers(have) & _with_numbers(want):
        return ""
    return f"is {_said(have)}, but {_said(want)} is needed"


def mismatch(shape: Shape, value: object) -> Wrong | None:
    """Where a literal breaks its schema, if it surely does."""
    return _Matcher().mismatch(shape, value, "")


class _Matcher:
    """One comparison. A schema that refers to itself could make it long: when the fuel is out, everything passes."""

    def __init__(self) -> None:
        self.fuel = _FUEL

    def mismatch(self, shape: Shape, value: object, where: str) -> Wrong | None:
        if shape.part is False:
            return Wrong(where, "is not allowed")
        several = shape.alternatives()
        if several is None:
            return None
        wrongs: list[Wrong] = []
        for each in several:
            self.fuel -= 1
            wrong = self.breaks(each, value, where) if self.fuel > 0 else None
            if wrong is None:
                return None
            wrongs.append(wrong)
        return _nearest(wrongs, several, where, value) if wrongs else None

    def breaks(self, shape: Shape, value: object, where: str) -> Wrong | None:
        part = shape.resolved() or {}
        if isinstance(value, str) and has_expression(value):
            return _hole(part, value, where)
        if not _type_fits(shape, value):
            return Wrong(where, f"is {what(value)}, but {_said(_kinds_of(part) or set())} is needed")
        if isinstance(value, float) and not value.is_integer() and _kinds_of(part) == {"integer"}:
            return Wrong(where, "is not a whole number")
        return _not_listed(part, value, where) or _out_of_bounds(part, value, where) or self.inside(shape, value, where)

    def inside(self, shape: Shape, value: object, where: str) -> Wrong | None:
        part = shape.resolved() or {}
        fields, items = mapping(value), listing(value)
        if fields is not None:
            return self.wrong_field(shape, part, fields, where)
        if items is not None and "items" in part and "prefixItems" not in part:
            for index, item in enumerate(items):
                if wrong := self.mismatch(shape.inside(part["items"]), item, f"{where}[{index}]"):
                    return wrong
        return None

    def wrong_field(
        self, shape: Shape, part: Mapping[str, object], fields: Mapping[str, object], where: str
    ) -> Wrong | None:
        for name in listing(part.get("required")) or ():
            if name not in fields:
                return Wrong(where, f"lacks `{name}`")
        if "patternProperties" in part:
            return None
        properties = mapping(part.get("properties")) or {}
        more = part.get("additionalProperties", True)
        for name, member in fields.items():
            if name not in properties and more is False:
                return Wrong(where, f"has no field `{brief(name)}`")
            if wrong := self.mismatch(shape.inside(properties.get(name, more)), member, f"{where}.{name}"):
                return wrong
        return None


def _nearest(wrongs: list[Wrong], several: tuple[Shape, ...], where: str, value: object) -> Wrong:
    """Of several alternatives, the one of the value's own type says best what is wrong."""
    if len(wrongs) == 1:
        return wrongs[0]
    fitting = [wrong for wrong, shape in zip(wrongs, several, strict=True) if _type_fits(shape, value)]
    if fitting:
        return fitting[0]
    wanted = {name for shape in several for name in _kinds_of(shape.resolved() or {}) or ()}
    return Wrong(where, f"is {what(value)}, but {_said(wanted)} is needed")


def _type_fits(shape: Shape, value: object) -> bool:
    names = _kinds_of(shape.resolved() or {})
    return names is None or bool(_kinds_of_literal(value) & _with_numbers(names))


def _hole(part: Mapping[str, object], text: str, where: str) -> Wrong | None:
    names = _kinds_of(part)
    if (_WHOLE.match(text) and text.count("${") == 1) or names is None or "string" in names:
        return None
    if text.startswith("${") and text.endswith("}"):
        return None  # one expression with braces inside, or several: only the lexer knows
    return Wrong(where, f"is text, but {_said(names)} is needed")


def _not_listed(part: Mapping[str, object], value: object, where: str) -> Wrong | None:
    allowed = listing(part.get("enum"))
    if allowed is None and "const" in part:
        allowed = [part["const"]]
    if allowed is None or any(_same(value, each) for each in allowed):
        return None
    if _holds_expression(value):
        return None
    return Wrong(where, f"is {brief(value)}, not one of: {brief(', '.join(map(str, allowed)), 200)}")


def _holds_expression(value: object, depth: int = 0) -> bool:
    if depth > _MAX_HOPS:
        return True
    members: Iterable[object] = (mapping(value) or {}).values() or listing(value) or ()
    return has_expression(value) or any(_holds_expression(member, depth + 1) for member in members)


def _same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _out_of_bounds(part: Mapping[str, object], value: object, where: str) -> Wrong | None:
    size = number(value)
    if size is not None:
        return _beyond(part, size, where, ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), "")
    if isinstance(value, str):
        return _beyond(part, len(value), where, ("minLength", "maxLength"), " characters")
    items = listing(value)
    return _beyond(part, len(items), where, ("minItems", "maxItems"), " items") if items is not None else None


def _beyond(part: Mapping[str, object], size: float, where: str, words: tuple[str, ...], unit: str) -> Wrong | None:
    for word in words:
        bound = number(part.get(word))
        if bound is None or math.isnan(bound):
            continue
        low, strict = "min" in word.lower(), word.startswith("exclusive")
        if (size < bound if low else size > bound) or (strict and size == bound):
            adverb = {(True, False): "at least", (False, False): "at most", (True, True): "more than"}.get(
                (low, strict), "less than"
            )
            return Wrong(where, f"{f'has {size}' if unit else f'is {size}'}{unit}, but {adverb} {bound:g} is needed")
    return None


def _kinds_of(part: Mapping[str, object]) -> set[str] | None:
    """The types that one schema without alternatives names, by `type`, `const` or `enum`."""
    named = part.get("type")
    if isinstance(named, str):
        return {named} if named in TYPES else None
    several = listing(named)
    if several is not None:
        return {name for name in several if isinstance(name, str)}
    values = [part["const"]] if "const" in part else listing(part.get("enum"))
    return {kind for value in values for kind in _kinds_of_literal(value)} if values else None


def _kinds_of_literal(value: object) -> set[str]:
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, int | float):
        return {"number", "integer"}
    if value is None:
        return {"null"}
    return {"string"} if isinstance(value, str) else {"array"} if isinstance(value, list) else {"object"}


def _with_numbers(names: Iterable[str]) -> set[str]:
    """A whole number is a number, and 2.0 is a whole number: the two are not told apart here."""
    found = set(names)
    return found | {"integer", "number"} if found & {"integer", "number"} else found


def _said(names: Iterable[str]) -> str:
    found = set(names)
    if "number" in found:
        found.discard("integer")
    words = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
    words |= {"object": "an object", "array": "a list", "null": "null"}
    return " or ".join(words.get(name, name) for name in sorted(found, key=lambda name: (name == "null", name)))


def _pointed(root: object, reference: object) -> object:
    """What a local `$ref` such as `#/$defs/Person` points to."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    part = root
    for name in reference[1:].split("/")[1:]:
        key = name.replace("~1", "/").replace("~0", "~")
        part = (mapping(part) or {}).get(key)
    return part
