"""Options read without pydantic, which typer would import for it: that is a third of the start of `tenuto run`.

What typer reads itself at length is here what it is nearly always: a text, a path, a list of texts, a default. Anything
else goes the long way. This leans on a private name of typer, so its version is bounded and a test watches the effect.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

HELP = ["-h", "--help"]
_PLAIN = (str, Path, list[str], int, bool)


class _Reader:
    """Stands in for typer's own reading of one option, until something unusual is to be read."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        many = param.multiple or param.nargs == -1
        if value is None:
            return () if many else None
        if self._kind is str and isinstance(value, str):
            return value
        if self._kind is Path and isinstance(value, str | Path):
            return Path(value)
        if self._kind == list[str] and isinstance(value, list | tuple):
            return [*value]
        if self._kind in (int, bool) and isinstance(value, int):
            return value
        param._runtime_param = None  # noqa: SLF001  see above
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def lighten(command: Any) -> Any:
    """The command, and those below it, with plain options read directly."""
    for param in _params(command):
        kind = getattr(getattr(param, "type_descriptor", None), "annotation", None)
        if kind in _PLAIN and getattr(param, "_runtime_param", _ABSENT) is None:
            param._runtime_param = _Reader(kind)  # noqa: SLF001  see above
    return command


# Not None: a parameter without that name is left alone.
_ABSENT = object()


def _params(command: Any) -> Iterator[Any]:
    yield from command.params
    help_option = command.get_help_option(typer.Context(command, help_option_names=HELP))
    if help_option is not None:
        yield help_option
    for inner in getattr(command, "commands", {}).values():
        yield from _params(inner)
