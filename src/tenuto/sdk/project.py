"""A project's own nodes: Python files in folders such as `nodes/`, found by reading, imported when first used.

The names are read from the source, `@node("slack.send_message")`, so that a list of nodes runs nobody's code. A file may
hold several nodes and have any name; those that begin with `_` or `test_` hold none. Files of one folder reach each other
by `from .helpers import ...`.
"""

import ast
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from tenuto.sdk.definition import NodeDefinition, definitions_in
from tenuto.sdk.errors import BrokenNode
from tenuto.sdk.modules import load


@dataclass(slots=True, frozen=True)
class Found:
    """A node that a project's file declares."""

    name: str
    file: Path
    line: int

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"

    def load(self) -> NodeDefinition:
        """Import the file and take the node out of it."""
        module = load(_module_name(self.file), f"`{self.name}`", file=str(self.file))
        definition = definitions_in(module).get(self.name)
        if definition is None:
            raise BrokenNode(
                f"`{self.name}` is written here but not there after the import",
                where=self.where,
                hint="declare it at the top level of the file, under a function name that nothing else there takes",
            )
        return definition


def files_in(path: Path) -> list[Path]:
    """The files that may hold nodes: the path itself, or the Python files of that folder."""
    if path.is_file():
        return [path]
    return sorted(file for file in path.glob("*.py") if not file.name.startswith(("_", "test_")))


def scan(file: Path) -> list[Found]:
    """The nodes that a file declares. `BrokenNode` if it cannot be read as Python, or a name cannot be read from it."""
    try:
        source = file.read_bytes()
        if b"node" not in source:
            return []
        tree = ast.parse(source, str(file))
    except SyntaxError as error:
        raise BrokenNode(f"this is no Python: {error.msg}", where=f"{file}:{error.lineno or 1}") from None
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        raise BrokenNode(f"the file cannot be read: {error}", where=str(file)) from None
    return list(_declared(tree, file))


def _declared(tree: ast.Module, file: Path) -> Iterator[Found]:
    names = _names_of_node(tree)
    for function in tree.body:
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        for decorator in function.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) in names:
                yield Found(_name(decorator, file), file, function.lineno)
            elif not isinstance(decorator, ast.Call) and ast.unparse(decorator) in names:
                raise _nameless(decorator.lineno, file)


def _names_of_node(tree: ast.Module) -> set[str]:
    """What `tenuto.sdk.node` is called in this file."""
    names: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module in {"tenuto", "tenuto.sdk"}:
            names |= {alias.asname or "node" for alias in statement.names if alias.name == "node"}
            names |= {f"{alias.asname or 'sdk'}.node" for alias in statement.names if alias.name == "sdk"}
        elif isinstance(statement, ast.Import):
            names |= {f"{alias.asname or alias.name}.node" for alias in statement.names if alias.name == "tenuto.sdk"}
    return names


def _name(decorator: ast.Call, file: Path) -> str:
    given = [*decorator.args[:1], *(keyword.value for keyword in decorator.keywords if keyword.arg == "name")]
    if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
        return given[0].value
    raise _nameless(decorator.lineno, file)


def _nameless(line: int, file: Path) -> BrokenNode:
    return BrokenNode(
        "the name of a node must stand here as text",
        where=f"{file}:{line}",
        hint='`@node("slack.send_message")`: names are read without running the file',
    )


def _module_name(file: Path) -> str:
    """The name under which a project's file is imported: a package of our own stands for its folder."""
    folder = str(file.parent.resolve())
    package = f"tenuto_project_{zlib.crc32(folder.encode()):08x}"
    if package not in sys.modules:
        made = ModuleType(package, f"The nodes of {folder}.")
        made.__path__ = [folder]
        sys.modules[package] = made
    return f"{package}.{file.stem}"
