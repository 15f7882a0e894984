"""`tenuto files …`: what runs were given and what they made, that is too large or too binary to be shown."""

from pathlib import Path
from typing import Annotated

import typer

from tenuto.cli.options import Data, Json, RunArg, Tenant

group = typer.Typer(help="Files of runs: list, get.", no_args_is_help=True, pretty_exceptions_enable=False)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="files")


@group.command("list")
def list_files(run: RunArg, data: Data = None, json: Json = False) -> int:
    """List the files that a run mentions: in its input, its nodes and its output."""
    from tenuto.cli import file_taking

    return file_taking.list_files(data, run, json=json)


@group.command("get")
def get(
    what: Annotated[
        str, typer.Argument(metavar="RUN|ID", help="A run, or the id of a file (`$file`)", show_default=False)
    ],
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Which of the run's files", show_default=False)
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", "-o", metavar="PATH", help="Where to write it; - is stdout. Default: its own name, here"),
    ] = None,
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """Write a file of a run to disk. What is there already is not overwritten."""
    from tenuto.cli import file_taking

    return file_taking.get(data, tenant, what, name, to, json=json)
