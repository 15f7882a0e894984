"""Tokens to a tree, by operator precedence. Only the shape is judged here; what names mean is the compiler's.

Nesting is bounded, and operators in a row are read in a loop, so no text can exhaust the stack.
"""

from typing import Final

from tenuto.core.expressions.errors import ExpressionError
from tenuto.core.expressions.kinds import Cel, kind_of
from tenuto.core.expressions.tokens import MAX_TEXT, Token, closing_brace, tokens, too_long
from tenuto.core.expressions.tree import (
    Arithmetic,
    Call,
    Coalesce,
    Conditional,
    Index,
    ListOf,
    Literal,
    Logic,
    MapOf,
    Name,
    Relation,
    Select,
    Tree,
    Unary,
)
from tenuto.core.values import INT_MAX, INT_MIN

__all__ = ["MAX_DEPTH", "closing_brace", "parse"]

MAX_DEPTH: Final = 32

# The higher binds tighter. `? :` binds loosest of all and stands in `_expression`.
_POWER: Final = {
    "??": 1,
    "||": 2,
    "&&": 3,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 4),
    **dict.fromkeys("+-", 5),
    **dict.fromkeys("*/%", 6),
}

_WORDS: Final[dict[str, Cel]] = {"true": True, "false": False, "null": None}

RESERVED: Final = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)

NAMESPACES: Final = frozenset({"base64", "json", "lists", "math", "strings"})


def parse(text: str) -> Tree:
    """The tree of an expression; raises `ExpressionError` where it is none."""
    if len(text) > MAX_TEXT or len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT:
        raise too_long(0)
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._token = next(self._tokens)
        self._depth = 0

    def whole(self) -> Tree:
        if self._token.kind == "end":
            raise ExpressionError("syntax", "the expression is empty", 0)
        tree = self._expression()
        if self._token.kind != "end":
            raise self._unexpected()
        return tree

    # Moving along

    def _next(self) -> Token:
        token = self._token
        if token.kind != "end":
            self._token = next(self._tokens)
        return token

    def _accept(self, kind: str) -> bool:
        found = self._token.kind == kind
        if found:
            self._next()
        return found

    def _expect(self, kind: str) -> None:
        if not self._accept(kind):
            raise self._unexpected(f"expected `{kind}`")

    def _operator(self) -> str:
        token = self._token
        return "in" if token.kind == "name" and token.value == "in" else token.kind

    def _unexpected(self, hint: str = "") -> ExpressionError:
        token = self._token
        if token.kind == "end":
            return ExpressionError("syntax", "the expression ends too early", token.at, hint)
        shown = f"`{token.kind}`"
        if token.kind in {"name", "field"}:
            shown = f"`{token.value}`"
        elif token.kind == "literal":
            shown = "value"
        return ExpressionError("syntax", f"unexpected {shown}", token.at, hint)

    # Operators

    def _expression(self) -> Tree:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(
                "depth", f"the expression is nested deeper than {MAX_DEPTH} levels", self._token.at, "split it up"
            )
        tree = self._conditional()
        self._depth -= 1
        return tree

    def _conditional(self) -> Tree:
        at = self._token.at
        tree = self._binary(1)
        cases: list[tuple[Tree, Tree]] = []
        while self._accept("?"):
            self._refuse_optional()
            then = self._expression()
            self._expect(":")
            cases.append((tree, then))
            tree = self._binary(1)
        return Conditional(tuple(cases), tree, at) if cases else tree

    def _refuse_optional(self) -> None:
        if self._token.kind == ".":
            raise self._unexpected("there is no `?.`; write `a.b ?? other`")

    def _binary(self, floor: int) -> Tree:
        left = self._unary()
        while (power := _POWER.get(self._operator(), 0)) >= floor:
            left = self._row(left, power)
        return left

    def _row(self, first: Tree, power: int) -> Tree:
        """All operators of this power in a row; their operands bind tighter."""
        rest: list[tuple[str, Tree, int]] = []
        while _POWER.get(operator := self._operator(), 0) == power:
            at = self._next().at
            rest.append((operator, self._binary(power + 1), at))
        return _joined(first, tuple(rest), power)

    def _unary(self) -> Tree:
        signs: list[Token] = []
        while self._token.kind in {"!", "-"}:
            signs.append(self._next())
        if signs and signs[-1].kind == "-" and _is_number(self._token):
            tree = self._postfix(self._negative(signs.pop().at))
        else:
            tree = self._postfix(self._primary())
        if len(signs) > MAX_DEPTH:
            raise ExpressionError("depth", "too many signs in a row", signs[0].at)
        for sign in reversed(signs):
            tree = Unary(sign.kind, tree, sign.at)
        return tree

    def _negative(self, at: int) -> Tree:
        value = self._next().value
        if kind_of(value) is int and -value < INT_MIN:
            raise _too_large(at)
        return Literal(-value, at)

    # Fields, items, calls

    def _postfix(self, tree: Tree) -> Tree:
        while True:
            at = self._token.at
            if self._accept("."):
                tree = self._member(tree)
            elif self._accept("["):
                self._refuse_question()
                key = self._expression()
                self._expect("]")
                tree = Index(tree, key, at)
            else:
                return tree

    def _member(self, tree: Tree) -> Tree:
        token = self._next()
        if token.kind not in {"name", "field"}:
            self._token = token
            raise self._unexpected("a name follows a `.`")
        if token.kind == "field" or not self._accept("("):
            return Select(tree, token.value, token.at)
        if isinstance(tree, Name) and tree.name in NAMESPACES:
            return Call(None, f"{tree.name}.{token.value}", self._arguments(), tree.at)
        return Call(tree, token.value, self._arguments(), token.at)

    def _arguments(self) -> tuple[Tree, ...]:
        return tuple(self._until(")"))

    def _until(self, closing: str) -> list[Tree]:
        found: list[Tree] = []
        while not self._accept(closing):
            self._refuse_question()
            found.append(self._expression())
            if not self._accept(","):
                self._expect(closing)
                break
            if closing == ")" and self._token.kind == ")":
                raise self._unexpected("an argument follows a `,`")
        return found

    def _refuse_question(self) -> None:
        if self._token.kind == "?":
            raise self._unexpected("there are no optional items; write `a[b] ?? other`")

    # What stands alone

    def _primary(self) -> Tree:
        token = self._next()
        if token.kind == "literal":
            return Literal(_in_range(token), token.at)
        if token.kind == "name":
            return self._named(token)
        if token.kind == "(":
            tree = self._expression()
            self._expect(")")
            return tree
        if token.kind == "[":
            return ListOf(tuple(self._until("]")), token.at)
        if token.kind == "{":
            return MapOf(self._entries(), token.at)
        self._token = token
        raise self._unexpected()

    def _named(self, token: Token) -> Tree:
        name: str = token.value
        if name in _WORDS:
            return Literal(_WORDS[name], token.at)
        if name in RESERVED:
            raise ExpressionError("syntax", f"`{name}` is a reserved word", token.at)
        if self._accept("("):
            return Call(None, name, self._arguments(), token.at)
        return Name(name, token.at)

    def _entries(self) -> tuple[tuple[Tree, Tree], ...]:
        entries: list[tuple[Tree, Tree]] = []
        while not self._accept("}"):
            self._refuse_question()
            key = self._expression()
            self._expect(":")
            entries.append((key, self._expression()))
            if not self._accept(","):
                self._expect("}")
                break
        return tuple(entries)


def _is_number(token: Token) -> bool:
    return token.kind == "literal" and kind_of(token.value) in {int, float}


def _in_range(token: Token) -> Cel:
    if kind_of(token.value) is int and token.value > INT_MAX:
        raise _too_large(token.at)
    return token.value


def _too_large(at: int) -> ExpressionError:
    return ExpressionError("overflow", "the integer does not fit into 64 bits", at)


def _joined(first: Tree, rest: tuple[tuple[str, Tree, int], ...], power: int) -> Tree:
    operator, _, at = rest[0]
    operands = (first, *(right for _, right, _ in rest))
    if power == _POWER["??"]:
        return Coalesce(operands, at)
    if power in {_POWER["||"], _POWER["&&"]}:
        return Logic(operator, operands, at)
    if power > _POWER["in"]:
        return Arithmetic(first, rest, at)
    tree = first
    for operator, right, at in rest:
        tree = Relation(operator, tree, right, at)
    return tree
