"""`make node NAME=slack.send_message`: a node that works, and a test that passes, to be changed into what is wanted.

In a project it writes `nodes/slack_send_message.py` and a test. In the repository of Tenuto itself it writes into the
library, and adds the card and the entry point where they are missing. Nothing is overwritten.
"""

import argparse
import keyword
import re
import sys
from pathlib import Path
from typing import Final

from tenuto.sdk.definition import NODE_NAME

LIBRARY: Final = Path("src/tenuto/nodes")

NODE: Final = '''"""`{name}`: what it is for, in a sentence."""

from tenuto.sdk import node


@node("{name}")
async def {function}(text: str) -> str:
    """Answer with the text it was given.

    Args:
        text: Any text.
    """
    return text
'''

TEST: Final = '''"""`{name}` keeps what every node promises, and does its work."""

import asyncio
{path_import}
from tenuto.sdk import Registry
from tenuto.testing.check_node import check_node, try_node

REGISTRY = Registry({registry})


def test_it_keeps_what_every_node_promises() -> None:
    """Name, docstring, form and defaults are as they should be."""
    check_node(REGISTRY["{name}"])


def test_it_answers_with_the_text() -> None:
    """It answers with what it was given."""
    fired = asyncio.run(try_node(REGISTRY["{name}"], {{"text": "hello"}}))

    assert fired.value == "hello"
'''

CARD: Final = '''"""The card of the nodes `{package}.*`."""

from tenuto.sdk import Package

PACKAGE = Package(
    title="{title}",
    nodes=["{name}"],
)
'''


class Refused(Exception):
    """Nothing was written; the message says why and what to do."""


def scaffold(name: str, into: Path) -> list[Path]:
    """Write the files of a new node into a project, or into the library if `into` is the repository. Answers what was written."""
    _refuse_name(name)
    return _into_library(name, into) if (into / LIBRARY).is_dir() else _into_project(name, into)


def main(arguments: list[str] | None = None) -> int:
    """The command line. 0: written; 2: refused, with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tenuto.sdk.scaffold", description="Write a new node and its test.")
    parser.add_argument("name", help="such as slack.send_message")
    parser.add_argument("--into", type=Path, default=Path(), help="the project's folder (default: here)")
    given = parser.parse_args(arguments)
    try:
        written = scaffold(given.name, given.into)
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{error.filename} cannot be written: {error.strerror}\n")
        return 2
    sys.stdout.writelines(f"wrote {path}\n" for path in written)
    return 0


def _refuse_name(name: str) -> None:
    if NODE_NAME.fullmatch(name):
        return
    likely = re.sub(r"[^a-z0-9_.]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip()).lower())
    likely = likely if "." in likely else likely.replace("_", ".", 1)
    hint = f"did you mean `{likely}`?" if NODE_NAME.fullmatch(likely) else "write it like `slack.send_message`"
    raise Refused(f"`{name}` is no name of a node: lower case, a package and a verb, a dot between ({hint})")


def _into_project(name: str, into: Path) -> list[Path]:
    stem = name.replace(".", "_")
    return _write(
        {
            into / "nodes" / f"{stem}.py": _node(name),
            into / "tests" / f"test_{stem}.py": _test(name, '[Path(__file__).parents[1] / "nodes"]'),
        }
    )


def _into_library(name: str, into: Path) -> list[Path]:
    package, _, rest = name.partition(".")
    folder = into / LIBRARY / package
    files = {
        folder / f"{rest.replace('.', '_')}.py": _node(name),
        into / "tests" / "nodes" / f"test_{name.replace('.', '_')}.py": _test(name, ""),
    }
    if not (folder / "__init__.py").exists():
        files[folder / "__init__.py"] = CARD.format(
            package=package, title=package.replace("_", " ").capitalize(), name=name
        )
        return [*_write(files), *_declare(package, into / "pyproject.toml")]
    return [*_write(files), *_add_to_card(name, folder / "__init__.py")]


def _node(name: str) -> str:
    function = name.partition(".")[2].replace(".", "_")
    return NODE.format(name=name, function=f"{function}_" if keyword.iskeyword(function) else function)


def _test(name: str, registry: str) -> str:
    return TEST.format(name=name, registry=registry, path_import="from pathlib import Path\n" if registry else "")


def _write(files: dict[Path, str]) -> list[Path]:
    for path in files:
        if path.exists():
            raise Refused(f"{path} is already there; nothing was written (choose another name, or remove it)")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return list(files)


def _add_to_card(name: str, card: Path) -> list[Path]:
    """Put the name into the list of the card, in order."""
    text = card.read_text("utf-8")
    found = re.search(r"nodes=\[(.*?)\]", text, re.DOTALL)
    if found is None:
        raise Refused(f"the node is written, but {card} has no `nodes=[...]` to add it to; add `{name}` by hand")
    names = sorted({*re.findall(r'"([^"]+)"', found[1]), name})
    listed = ", ".join(f'"{one}"' for one in names)
    card.write_text(f"{text[: found.start()]}nodes=[{listed}]{text[found.end() :]}", "utf-8")
    return [card]


def _declare(package: str, project: Path) -> list[Path]:
    """Add the package to the entry points, where a fresh install will find it."""
    header = '[project.entry-points."tenuto.nodes"]\n'
    text = project.read_text("utf-8")
    if header not in text:
        raise Refused(f"the node is written, but {project} has no entry points `tenuto.nodes`; add {package} by hand")
    project.write_text(text.replace(header, f'{header}{package} = "tenuto.nodes.{package}"\n'), "utf-8")
    return [project]


if __name__ == "__main__":
    sys.exit(main())
