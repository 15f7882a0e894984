"""`my_module:agent`: what a person has made in a module of their own, found in the project's folder (where Tenuto was started)
or among what is installed.

Whoever may write a flow may name any module here, so nothing is called: what stands under the name is taken as it is. The
standard library and Tenuto itself hold nothing of the kind, and are not imported for it.
"""

import importlib
import importlib.util
import re
import sys
from pathlib import Path
from typing import Any, Final, TypeVar

from tenuto.sdk.errors import BrokenNode, NodeError
from tenuto.sdk.modules import load

T = TypeVar("T")
_NAME: Final = re.compile(
    r"((?!__)[A-Za-z_]\w*(?:\.(?!__)[A-Za-z_]\w*)*):([A-Za-z_]\w*)"
)  # `__main__` does what its program does
_CLOSED: Final = frozenset({"tenuto", *sys.stdlib_module_names})


def named(name: str, kind: type[T], what: str, *, library: str) -> T:
    """What stands there, if it is of that kind. `NodeError` of type `agent`, never retried, that says what is wrong with the name.

    `what`: the kind, in words (`an agent of Agno`). `library`: the package that holds only the kind, never one's own.
    """
    module, attribute = _read(name, what, library)
    _reach(module)
    try:
        found: Any = getattr(load(module, f"`{name}`"), attribute, None)
    except BrokenNode as error:
        raise _refused(str(error)) from None
    if not isinstance(found, kind):
        is_what = "is not there" if found is None else f"is a {type(found).__name__}"
        raise _refused(f"`{attribute}` of the module `{module}` {is_what}; it should be {what}")
    return found


def _read(name: str, what: str, library: str) -> tuple[str, str]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise _refused(f"`{name[:100]}` does not name {what}: write `my_module:agent`, a module and a name in it")
    module, attribute = match.groups()
    if module.partition(".")[0] in {library, *_CLOSED}:
        raise _refused(f"`{module}` holds nothing of yours: name a module of the project's folder or an installed one")
    return module, attribute


def _reach(module: str) -> None:
    """The project's folder comes last: it shadows nothing that is installed."""
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.append(folder)
        importlib.invalidate_caches()
    top = module.partition(".")[0]
    try:
        there = top in sys.modules or importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        there = False
    if not there:
        raise _refused(f"there is no module `{top}`, neither in {folder} nor installed")


def _refused(message: str) -> NodeError:
    return NodeError(message, type="agent", retry=False)
