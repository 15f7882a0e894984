"""Flow documents as files: found by path or by name, read, and what is wrong with them said with its place."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenuto.cli.failures import BAD_INPUT, Quit
from tenuto.cli.look import note, plural, safe, shorten
from tenuto.ports.engine import Refused

ENDINGS = (".yaml", ".yml", ".json")
_FOLDERS = ("", "flows")
_SHOWN = 10
_LINE = 300


@dataclass(slots=True)
class Source:
    """A document as it was found. `file` is None for stdin."""

    content: bytes
    file: Path | None
    shown: str


def source_of(word: str) -> Source:
    """`-` is stdin, a path is a file, a name is `NAME.yaml` here or in `flows/`."""
    from tenuto.documents import MAX_BYTES

    if word == "-":
        return Source(sys.stdin.buffer.read(MAX_BYTES + 1), None, "stdin")
    file = _found(word)
    try:
        with file.open(
            "rb"
        ) as opened:  # no more than can be right: the rest need not be read to say that it is too much
            return Source(opened.read(MAX_BYTES + 1), file, str(file))
    except IsADirectoryError:
        raise Refused("invalid", f"{word} is a directory, not a flow", _flows_in(file)) from None
    except (OSError, ValueError) as error:
        raise Refused("invalid", f"{word} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def flow_of(source: Source, registry: Any) -> Any:
    """The flow in the document; says what is wrong with it (or with a node that it names) and quits, if anything is."""
    from tenuto.documents import load
    from tenuto.sdk.registry import library

    nodes = library(registry)
    loaded = load(source.content, library=nodes)
    broken = [*nodes.broken.values(), *(registry.broken if loaded.flow is None else ())]
    for error in broken[:_SHOWN]:
        note(f"error: {shorten(safe(' '.join(str(error).split())), _LINE)}")
    problems = sorted(loaded.problems, key=lambda problem: problem.severity)  # errors first
    shown = problems if loaded.flow is None else [problem for problem in problems if problem.severity == "warning"]
    for problem in shown[:_SHOWN]:
        note(problem_line(source.shown, problem))
    if len(shown) > _SHOWN:
        note(f"… and {plural(len(shown) - _SHOWN, 'more problem')}: `tenuto check {source.shown}` shows all")
    if loaded.flow is None or nodes.broken:
        raise Quit(BAD_INPUT)
    return loaded.flow


def problem_line(shown: str, problem: Any) -> str:
    """`file:line:column: path: code message (hint)`."""
    place = f":{problem.line}:{problem.column or 1}" if problem.line else ""
    warning = "warning: " if problem.severity == "warning" else ""
    return shorten(safe(f"{shown}{place}: {warning}{' '.join(str(problem).split())}"), _LINE + len(shown))


def _found(word: str) -> Path:
    path = Path(word).expanduser()
    try:
        if path.exists():
            return path
    except (OSError, ValueError):  # a name that no file can have
        raise Refused("not_found", f"there is no flow `{shorten(word, 80)}`") from None
    if path.suffix in ENDINGS or len(path.parts) != 1:
        raise Refused("not_found", f"there is no file {word}", _near(path))
    for folder in _FOLDERS:
        for ending in ENDINGS:
            candidate = Path(folder) / f"{word}{ending}"
            if candidate.is_file():
                return candidate
    raise Refused(
        "not_found", f"there is no flow `{word}`: no {word}.yaml here or in flows/", _near(Path(f"{word}.yaml"))
    )


def _near(path: Path) -> str:
    from tenuto.service.refusals import did_you_mean

    names = {Path(name).stem: name for name in _names(path.parent)}
    return did_you_mean(path.stem, names) or _flows_in(path.parent)


def _flows_in(folder: Path) -> str:
    names = _names(folder)
    return f"in {folder}: {', '.join(names[:6])}{', …' if len(names) > 6 else ''}" if names else ""


def _names(folder: Path) -> Sequence[str]:
    try:
        return sorted(file.name for file in folder.iterdir() if file.suffix in ENDINGS)
    except OSError:
        return []
