"""JSON with `${…}` in its strings: what a flow document says wherever a value may be worked out.

A string that is exactly one `${…}` keeps the value and its type. Otherwise the values become part of the text: strings
as they are, everything else as JSON (`null`, `true`, `1.5`, `{"a":1}`). `$${` is a literal `${`. Where a `${…}` ends is
found by reading the expression, so a `}` in a string or a map inside it does no harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tenuto.core.expressions.errors import ExpressionError
from tenuto.core.expressions.kinds import kind_of
from tenuto.core.expressions.program import Expression, compile_expression
from tenuto.core.expressions.references import Reference, merged, moved
from tenuto.core.expressions.scope import EMPTY, MAX_TEXT, NodeView
from tenuto.core.expressions.tokens import closing_brace
from tenuto.core.values import MAX_DEPTH, NOTHING, Secret, SecretText

Names: TypeAlias = Mapping[str, object]
Nodes: TypeAlias = Mapping[str, NodeView]
Errors: TypeAlias = list[tuple[str, ExpressionError]]


@dataclass(slots=True, frozen=True)
class _Constant:
    value: Any

    def fill(self, _names: Names, _nodes: Nodes) -> Any:
        return self.value


@dataclass(slots=True, frozen=True)
class _Whole:
    expression: Expression

    def fill(self, names: Names, nodes: Nodes) -> Any:
        value = self.expression.evaluate(names, nodes)
        return None if value is NOTHING else value


@dataclass(slots=True, frozen=True)
class _Text:
    parts: tuple[str | Secret | Expression, ...]

    def fill(self, names: Names, nodes: Nodes) -> str | SecretText:
        joined: list[str | Secret] = []
        size = 0
        for part in self.parts:
            piece = part.text_in(names, nodes) if isinstance(part, Expression) else part
            if isinstance(piece, str) and joined and isinstance(joined[-1], str):
                joined[-1] += piece
            else:
                joined.append(piece)
            size += len(piece) if isinstance(piece, str) else 0
            if size > MAX_TEXT:
                raise ExpressionError("size", f"the text is longer than {MAX_TEXT:,} characters")
        if all(isinstance(piece, str) for piece in joined):
            return str(joined[0])
        return SecretText(tuple(joined))


@dataclass(slots=True, frozen=True)
class _List:
    items: tuple["_Part", ...]

    def fill(self, names: Names, nodes: Nodes) -> list[Any]:
        return [item.fill(names, nodes) for item in self.items]


@dataclass(slots=True, frozen=True)
class _Map:
    entries: tuple[tuple[str, "_Part"], ...]

    def fill(self, names: Names, nodes: Nodes) -> dict[str, Any]:
        return {key: part.fill(names, nodes) for key, part in self.entries}


_Part: TypeAlias = _Constant | _Whole | _Text | _List | _Map


class Value:
    """JSON as a document has it, ready to be filled in. Never changes, knows no run.

    `located` has each reference with the dotted path of the string it stands in; `references` has them merged.
    """

    __slots__ = ("_part", "is_literal", "located", "references", "source")

    def __init__(self, source: Any, part: _Part, located: list[tuple[str, Reference]]) -> None:
        self.source = source
        self._part = part
        self.is_literal = isinstance(part, _Constant)
        self.located = tuple(located)
        self.references = merged(reference for _, reference in located)

    def evaluate(self, names: Names, nodes: Nodes = EMPTY) -> Any:
        """The JSON, `Secret`s and `SecretText`s in it. A lone `${…}` may give NOTHING; deeper down that is null."""
        if isinstance(self._part, _Whole):
            return self._part.expression.evaluate(names, nodes)
        return self._part.fill(names, nodes)

    def __repr__(self) -> str:
        return f"Value({self.source!r})"


def compile_value(source: object) -> tuple[Value, Errors]:
    """The value, and what is wrong with the expressions in it, each with the dotted path of its string."""
    reader = _Reader()
    part = reader.part(source, "", 0)
    return Value(source, part, reader.located), reader.errors


class _Reader:
    def __init__(self) -> None:
        self.located: list[tuple[str, Reference]] = []
        self.errors: Errors = []

    def part(self, source: Any, path: str, depth: int) -> _Part:
        if depth > MAX_DEPTH:
            self.errors.append(
                (path, ExpressionError("depth", f"the value is nested deeper than {MAX_DEPTH} levels", 0))
            )
            return _Constant(None)
        if isinstance(source, str):
            return self._string(source, path)
        if kind_of(source) is list:
            return self._list(source, path, depth)
        if kind_of(source) is dict:
            return self._map(source, path, depth)
        return _Constant(source)

    def _list(self, source: list[Any], path: str, depth: int) -> _Part:
        items = tuple(self.part(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(source))
        if all(isinstance(item, _Constant) for item in items):
            return _Constant([item.value for item in items if isinstance(item, _Constant)])
        return _List(items)

    def _map(self, source: dict[str, Any], path: str, depth: int) -> _Part:
        entries = tuple((key, self.part(value, _below(path, key), depth + 1)) for key, value in source.items())
        if all(isinstance(part, _Constant) for _, part in entries):
            return _Constant({key: part.value for key, part in entries if isinstance(part, _Constant)})
        return _Map(entries)

    def _string(self, source: str, path: str) -> _Part:
        if "${" not in source:
            return _Constant(source)
        try:
            parts = self._pieces(source, path)
        except ExpressionError as error:
            self.errors.append((path, error))
            return _Constant(source)
        return _string_part(parts)

    def _pieces(self, source: str, path: str) -> list[str | Expression]:
        pieces: list[str | Expression] = []
        at = 0
        while (found := source.find("${", at)) >= 0:
            if found > at and source[found - 1] == "$":
                pieces += [source[at : found - 1], "${"]
                at = found + 2
                continue
            end = closing_brace(source, found + 2)
            pieces += [source[at:found], self._expression(source[found + 2 : end], found + 2, path)]
            at = end + 1
        return [*pieces, source[at:]]

    def _expression(self, text: str, at: int, path: str) -> Expression:
        expression = compile_expression(text)
        if isinstance(expression, ExpressionError):
            raise expression.moved(at)
        self.located += [(path, reference) for reference in moved(expression.references, at)]
        return expression


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


_EMPTY_TEXT: Final = ""


def _string_part(pieces: list[str | Expression]) -> _Part:
    joined: list[str | Secret | Expression] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece != _EMPTY_TEXT:
            joined.append(piece)
    if len(joined) == 1:
        (only,) = joined
        return _Whole(only) if isinstance(only, Expression) else _Constant(only)
    return _Text(tuple(_secret_or(piece) for piece in joined))


def _secret_or(piece: str | Secret | Expression) -> str | Secret | Expression:
    return piece.secret or piece if isinstance(piece, Expression) else piece
