"""`@node`: a function becomes a node of the library. The function itself stays what it was and can be called in tests.

Declaring must be cheap: signatures are looked at, types are not. The form (schemas, binding) is made when first asked for.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from tenuto.sdk.errors import BrokenNode
from tenuto.sdk.form import Form, refused_parameters

Effects = Literal["idempotent", "once"]
F = TypeVar("F", bound=Callable[..., Any])

NODE_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_WORD: Final = re.compile(r"[a-z][a-z0-9_]*")
_SECRET: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
RESERVED_PORTS: Final = frozenset({"error", "timeout", "rejected"})
_MARK: Final = "__tenuto_node__"


class NodeDefinition:
    """All that is known of one node. `function` is called by name and always takes `ctx`, whether its author wanted it or not."""

    __slots__ = (
        "_form",
        "_raw",
        "effects",
        "function",
        "is_async",
        "name",
        "open_form",
        "ports",
        "secrets",
        "timeout",
        "where",
    )

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        *,
        effects: Effects = "idempotent",
        secrets: Sequence[str] = (),
        ports: Sequence[str] = ("done",),
        timeout: float | None = None,
        open_form: bool = False,
    ) -> None:
        self.name = name
        self.where = _where(function)
        self.effects: Effects = effects
        self.secrets = tuple(secrets)
        self.ports = tuple(ports)
        self.timeout = timeout
        self.open_form = open_form
        self.is_async = inspect.iscoroutinefunction(function)
        self._raw = function
        self._form: Form | None = None
        self._refuse()
        self.function: Callable[..., Any] = function if self.wants_context else _without_context(function)

    def __repr__(self) -> str:
        return f"<node {self.name} at {self.where}>"

    @property
    def wants_context(self) -> bool:
        """Whether the author's function takes `ctx`."""
        return "ctx" in inspect.signature(self._raw).parameters

    @property
    def description(self) -> str:
        """The first paragraph of the docstring."""
        return " ".join((inspect.getdoc(self._raw) or "").split("\n\n", 1)[0].split())

    @property
    def form(self) -> Form:
        """The schemas and the binding. `BrokenNode` if the signature makes none."""
        if self._form is None:
            self._form = Form(self.name, self._raw, self.where, open_form=self.open_form)
        return self._form

    @property
    def input_schema(self) -> dict[str, Any]:
        """The JSON Schema of the keys of `with`: one object, closed unless the form is open."""
        return self.form.input_schema

    @property
    def output_schema(self) -> dict[str, Any] | None:
        """The JSON Schema of the output, None where the signature does not say."""
        return self.form.output_schema

    def bind(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments for `function`. `NodeError` of type `input` if what is given does not fit the form."""
        return (self._form or self.form).bind(given)

    def _refuse(self) -> None:
        if not NODE_NAME.fullmatch(self.name) and not self._is_bare:
            self._broken(f"`{self.name}` is no node name", "lower case with a dot: `slack.send_message`")
        if not callable(self._raw) or inspect.isasyncgenfunction(self._raw) or inspect.isgeneratorfunction(self._raw):
            self._broken(
                f"{self.name} must be a `def` or an `async def` that returns", "show pieces with `ctx.stream(...)`"
            )
        for reason in refused_parameters(inspect.signature(self._raw), open_form=self.open_form):
            self._broken(f"{self.name} makes no form: {reason}")
        if self.effects not in {"idempotent", "once"}:
            self._broken(f"{self.name} has the effects {self.effects!r}", 'either "idempotent" or "once"')
        if self.timeout is not None and not self.timeout > 0:
            self._broken(f"{self.name} has the timeout {self.timeout!r}", "seconds, more than 0")
        self._refuse_names()

    @property
    def _is_bare(self) -> bool:
        """Whether it is the one node that its package is named after (`agent`), in the module of that name."""
        return bool(_WORD.fullmatch(self.name)) and getattr(self._raw, "__module__", "").endswith(f".{self.name}")

    def _refuse_names(self) -> None:
        if not self.ports or len(set(self.ports)) != len(self.ports):
            self._broken(f"{self.name} needs ports, each of them once", 'such as ("found", "missing")')
        for port in self.ports:
            if not _WORD.fullmatch(port) or port in RESERVED_PORTS:
                self._broken(
                    f"{self.name} cannot have the port `{port}`",
                    "lower case; error, timeout and rejected have a meaning of their own",
                )
        for secret in self.secrets:
            if not _SECRET.fullmatch(secret):
                self._broken(f"{self.name} cannot have the secret `{secret}`", "letters, digits and underscores")

    def _broken(self, message: str, hint: str = "") -> None:
        raise BrokenNode(message, where=self.where, hint=hint)


def node(
    name: str,
    *,
    effects: Effects = "idempotent",
    secrets: Sequence[str] = (),
    ports: Sequence[str] = ("done",),
    timeout: float | None = None,
    open_form: bool = False,
) -> Callable[[F], F]:
    """Make the function below a node of that name. Its signature is the form, its docstring the help.

    `effects`: `idempotent` may be repeated after a crash, `once` never is. `secrets`: what `ctx.secret` may read.
    `ports`: what it may fire, the first being the usual one. `timeout`: seconds an attempt may take unless the flow says.
    `open_form`: keys of `with` that the signature does not name are handed to its `**rest`.
    """

    def mark(function: F) -> F:
        definition = NodeDefinition(
            name, function, effects=effects, secrets=secrets, ports=ports, timeout=timeout, open_form=open_form
        )
        setattr(function, _MARK, definition)
        return function

    return mark


def definition_of(function: object) -> NodeDefinition | None:
    """The definition behind a function that `@node` marked."""
    found = getattr(function, _MARK, None)
    return found if isinstance(found, NodeDefinition) else None


def definitions_in(module: object) -> dict[str, NodeDefinition]:
    """The nodes that a module declares (not those it merely imports), by name. `BrokenNode` if it declares one twice."""
    found: dict[str, NodeDefinition] = {}
    for member in vars(module).values():
        definition = definition_of(member)
        if definition is None or getattr(member, "__module__", None) != getattr(module, "__name__", ""):
            continue
        other = found.setdefault(definition.name, definition)
        if other is not definition:
            raise BrokenNode(
                f"{definition.name} is declared twice, also at {other.where}", where=definition.where, hint="rename one"
            )
    return found


def _without_context(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*, ctx: object = None, **arguments: Any) -> Any:
        del ctx
        return function(**arguments)

    return call


def _where(function: Callable[..., Any]) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return ""
    return f"{_shown(code.co_filename)}:{code.co_firstlineno}"


def _shown(path: str) -> str:
    """As short as the reader's own directory makes it."""
    here = f"{Path.cwd()}{os.sep}"
    return path.removeprefix(here)
