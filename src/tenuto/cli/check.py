"""`tenuto check`: what is wrong with flow documents, all of it, with its place."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from tenuto.cli.options import Json


def register(app: typer.Typer) -> None:
    app.command("check")(check)


def check(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="Flow documents, folders of them, or - for stdin", show_default=False),
    ],
    json: Json = False,
) -> int:
    """Say what is wrong with flow documents: `path: code message (hint)`, with file, line and column.

    Exit code: 0 if they can run (warnings or not), 2 if one cannot.
    """
    import sys

    from tenuto.cli.files import problem_line
    from tenuto.cli.look import line, look_of, plural, say

    checked = [(shown, problems) for word in files for shown, problems in _problems_in(word)]
    wrong = any(problem.severity == "error" for _, problems in checked for problem in problems)
    if json:
        say(
            line(
                {
                    "ok": not wrong,
                    "problems": [_problem_json(shown, problem) for shown, problems in checked for problem in problems],
                }
            )
        )
        return 2 if wrong else 0
    for shown, problems in checked:
        for problem in problems:
            say(problem_line(shown, problem))
    if not wrong:
        warnings = sum(len(problems) for _, problems in checked)
        say(
            f"{look_of(sys.stdout).mark('succeeded')} {plural(len(checked), 'flow')}, {plural(warnings, 'warning') if warnings else 'no problems'}"
        )
    return 2 if wrong else 0


def _problems_in(word: str) -> list[tuple[str, list[Any]]]:
    from tenuto.bootstrap import open_registry
    from tenuto.cli.files import ENDINGS, source_of
    from tenuto.cli.house import place_of
    from tenuto.documents import load
    from tenuto.ports.engine import Refused
    from tenuto.sdk.registry import library

    path = Path(word)
    if word != "-" and os.path.isdir(word):  # noqa: PTH112  unlike Path, it bears any name
        inside = sorted(str(file) for file in path.iterdir() if file.suffix in ENDINGS)
        if not inside:
            raise Refused("invalid", f"no flows in {word}", f"a flow's file ends in {', '.join(ENDINGS)}")
        return [found for file in inside for found in _problems_in(file)]
    source = source_of(word)
    beside = source.file.parent if source.file else None
    registry = open_registry(place_of().settings, beside)
    loaded = load(source.content, library=library(registry))
    return [(source.shown, [*loaded.problems, *_agents_missing(loaded.document, source.content, beside)])]


def _agents_missing(document: object, content: bytes, beside: Path | None) -> list[Any]:
    """Agents that the document names and that are not there. Looked for only where it names some."""
    from tenuto.service.agent_names import agents_named, unknown_agents

    named = list(agents_named(document))
    if not named:
        return []
    import asyncio

    from tenuto.bootstrap.agents import agents_beside
    from tenuto.cli.house import place_of
    from tenuto.documents.load import placed

    known = asyncio.run(agents_beside(place_of().settings, beside).names(tenant="default"))
    return placed(content, unknown_agents(named, known))


def _problem_json(shown: str, problem: Any) -> dict[str, object]:
    fields = ("severity", "path", "line", "column", "code", "message", "hint")
    return {"file": shown, **{name: getattr(problem, name) for name in fields}}
