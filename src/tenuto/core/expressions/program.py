"""An expression ready to be evaluated, and the cache of them."""

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, Final, NoReturn

from tenuto.core.expressions.compiler import Compiler, constant_path
from tenuto.core.expressions.errors import ExpressionError
from tenuto.core.expressions.kinds import Cel, kind_of
from tenuto.core.expressions.output import PLAIN, leave, text_of
from tenuto.core.expressions.parser import parse
from tenuto.core.expressions.paths import Run
from tenuto.core.expressions.references import Reference, merged
from tenuto.core.expressions.scope import EMPTY, NodeView, Scope
from tenuto.core.expressions.tree import Call, Coalesce, Conditional, Index, Name, Select, Tree
from tenuto.core.values import NOTHING, Secret

_SHORT: Final = 200  # characters; long texts are many closures, so fewer of them are kept


class Expression:
    """What stands between `${` and `}`, compiled. Never changes, knows no run, may be shared."""

    __slots__ = ("_bare", "_name", "_passes", "_path", "_run", "_secret", "_slots", "references", "text")

    def __init__(self, text: str) -> None:
        """Raises `ExpressionError` if the text is none; `compile_expression` returns it instead."""
        tree = parse(text)
        found = constant_path(tree)
        self.text = text
        self.references: tuple[Reference, ...] = ()
        self._secret = _secret_of(found)
        self._slots = 0
        self._run: Run = _impossible
        if self._secret is not None:
            self.references = (Reference("secrets", (self._secret.name,), offset=_at(tree)),)
        else:
            self._compile(tree)
        error = any(reference.error for reference in self.references)
        self._bare = found is not None and (not found[1] or (error and len(found[1]) == 1))
        self._name, self._path = (found[0].name, found[1]) if found and not error else ("", ())
        self._passes = _passes(tree)

    def _compile(self, tree: Tree) -> None:
        compiler = Compiler()
        self._run = compiler.run(tree)
        self.references = merged(compiler.references)
        self._slots = compiler.slots

    @property
    def secret(self) -> Secret | None:
        """The secret that the whole expression names, if it does."""
        return self._secret

    def evaluate(self, names: Mapping[str, object], nodes: Mapping[str, NodeView] = EMPTY) -> Any:
        """The value as JSON; NOTHING if the expression is but a name that has no value; a `Secret` if it names one."""
        if self._name:
            try:
                value: Cel = names[self._name]
                for key in self._path:
                    value = value[key] if isinstance(key, str) else _item(value, key)
            except (KeyError, TypeError):
                pass  # the slow way says what is wrong
            else:
                return value
        return self._evaluate(names, nodes)

    def _evaluate(self, names: Mapping[str, object], nodes: Mapping[str, NodeView]) -> Any:
        if self._secret is not None:
            return self._secret
        scope = Scope(names, nodes, self._slots)
        try:
            value = _guarded(self._run, scope)
        except ExpressionError as error:
            if self._bare and error.code == "no_value":
                return NOTHING
            raise
        if self._passes or kind_of(value) in PLAIN:
            return value
        return _guarded(partial(leave, value=value), scope)

    def text_in(self, names: Mapping[str, object], nodes: Mapping[str, NodeView] = EMPTY) -> str:
        """The value as text, for a place inside a string; a name without a value is an error there."""
        scope = Scope(names, nodes, self._slots)
        return _guarded(lambda scope: text_of(scope, self._run(scope)), scope)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def compile_expression(text: str) -> Expression | ExpressionError:
    """The expression, or what is wrong with it. The same text gives the same object while the cache remembers it."""
    try:
        return _short(text) if len(text) <= _SHORT else _long(text)
    except RecursionError:  # not remembered: it says something of the caller's stack, not of the text
        return ExpressionError("depth", "the expression is nested too deep for what is left of the stack", 0)


def _compiled(text: str) -> Expression | ExpressionError:
    try:
        return Expression(text)
    except ExpressionError as error:
        error.__traceback__ = None  # it would keep the frames of the compiler alive
        return error


_short = lru_cache(1024)(_compiled)
_long = lru_cache(64)(_compiled)


def _guarded(work: Run, scope: Scope) -> Cel:
    """The work, whose errors have a place at least, on whatever stack the caller has left."""
    try:
        return work(scope)
    except ExpressionError as error:
        raise error.at(0) from None
    except RecursionError:
        raise ExpressionError("depth", "the value is nested too deep for what is left of the stack", 0) from None


def _secret_of(found: tuple[Name, tuple[str | int, ...]] | None) -> Secret | None:
    if found and found[0].name == "secrets" and len(found[1]) == 1 and isinstance(found[1][0], str):
        return Secret(found[1][0])
    return None


def _at(tree: Tree) -> int:
    while isinstance(tree, Select | Index):
        tree = tree.operand
    return tree.at


def _item(value: Cel, key: int) -> Cel:
    if kind_of(value) is list and 0 <= key < len(value):
        return value[key]
    raise KeyError(key)


# These give nothing that their list did not hold.
_KEEPING: Final = frozenset({"filter", "sort", "sortBy", "slice", "reverse", "distinct", "flatten", "first", "last"})


def _passes(tree: Tree) -> bool:
    """Whether the value can only be made of what came in, which is JSON and need not be looked at."""
    if isinstance(tree, Coalesce):
        return all(map(_passes, tree.operands))
    if isinstance(tree, Conditional):
        return _passes(tree.otherwise) and all(_passes(then) for _, then in tree.cases)
    if isinstance(tree, Call):
        return tree.receiver is not None and tree.name in _KEEPING and _passes(tree.receiver)
    while isinstance(tree, Select | Index):
        tree = tree.operand
    return tree.name != "google" if isinstance(tree, Name) else isinstance(tree, Call) and _passes(tree)


def _impossible(_scope: Scope) -> NoReturn:
    raise ExpressionError("secret", "a secret has no value here", 0)
