"""`my_module:graph`: a person's own graph, found in the project's folder (where Tenuto was started) or among what is installed.

Whoever may write a flow may name any module here, so nothing is called: what stands under the name must be a graph. The
standard library and Tenuto itself hold none, and are not imported for it.
"""

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any, Final, cast

from langgraph.graph import StateGraph  # pyright: ignore[reportMissingTypeStubs]  typed, without saying so
from langgraph.pregel import Pregel  # pyright: ignore[reportMissingTypeStubs]  as above

from tenuto.sdk import BrokenNode, NodeError
from tenuto.sdk.modules import load

AnyGraph = Pregel[Any, Any, Any, Any]
_NAME: Final = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)")
_CLOSED: Final = frozenset({"tenuto", "langgraph", *sys.stdlib_module_names})


def graph_named(name: str) -> AnyGraph:
    """The graph, compiled. `NodeError` of type `graph`, never retried, that says what is wrong with the name."""
    module, attribute = _read(name)
    _reach(module)
    try:
        found = getattr(load(module, f"`{name}`"), attribute, None)
    except BrokenNode as error:
        raise _refused(str(error)) from None
    if isinstance(found, StateGraph):
        return cast("Any", found).compile()
    if not isinstance(found, Pregel):
        what = "is not there" if found is None else f"is a {type(found).__name__}, not a graph"
        raise _refused(f"`{attribute}` of the module `{module}` {what}; it should be a `StateGraph`, best compiled")
    return cast("AnyGraph", found)


def _read(name: str) -> tuple[str, str]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise _refused(f"`{name}` names no graph: write `my_module:graph`, a module and a name in it")
    module, attribute = match.groups()
    if module.partition(".")[0] in _CLOSED:
        raise _refused(
            f"`{module}` holds no graphs of yours: name a module of the project's folder or an installed one"
        )
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
    return NodeError(message, type="graph", retry=False)
