"""`tenuto flows …`: what is saved in the data directory, version after version, and where it is published."""

from pathlib import Path
from typing import Annotated

import typer

from tenuto.cli.options import Data, Json

group = typer.Typer(
    help="Flows: save them, publish them, take them along.", no_args_is_help=True, pretty_exceptions_enable=False
)

FlowName = Annotated[str, typer.Argument(metavar="NAME", help="The flow's name", show_default=False)]
StageName = Annotated[str, typer.Argument(metavar="STAGE", help="Such as dev or prod", show_default=False)]
Tenant = Annotated[str, typer.Option("--tenant", metavar="ID", help="Whose flows")]
Version = Annotated[
    str | None, typer.Option("--version", metavar="N", help="A version's number or hash. Default: the newest")
]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="flows")


@group.command("list")
def list_flows(
    q: Annotated[str, typer.Option("--named", metavar="TEXT", help="Only those with this in their name")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most")] = 100,
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """List flows with their newest version, and which version is published where."""
    from tenuto.cli import shelf

    return shelf.list_flows(shelf.Where(data, tenant), q, limit, json=json)


@group.command("show")
def show(
    name: FlowName, version: Version = None, tenant: Tenant = "default", data: Data = None, json: Json = False
) -> int:
    """Print a flow as it was written (with --json the document and what is known of it)."""
    from tenuto.cli import shelf

    return shelf.show(shelf.Where(data, tenant), name, version, json=json)


@group.command("history")
def history(
    name: FlowName,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most, the newest first")] = 50,
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """List the versions of a flow, the newest first."""
    from tenuto.cli import shelf

    return shelf.history(shelf.Where(data, tenant), name, limit, json=json)


@group.command("diff")
def diff(
    name: FlowName,
    before: Annotated[str | None, typer.Argument(metavar="[FROM]", help="A version", show_default=False)] = None,
    after: Annotated[str | None, typer.Argument(metavar="[TO]", help="A version", show_default=False)] = None,
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """Show what changed between two versions: the newest and the one before it, unless others are named."""
    from tenuto.cli import shelf

    return shelf.diff(shelf.Where(data, tenant), name, before, after, json=json)


@group.command("save")
def save(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A flow document, or - for stdin", show_default=False)],
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """Save a document as the next version of its flow; what means the same as the newest makes none."""
    from tenuto.cli import shelf

    return shelf.save(shelf.Where(data, tenant), file, json=json)


@group.command("publish")
def publish(
    name: FlowName,
    stage: StageName,
    version: Version = None,
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """Let a version hold in a stage. Naming an older one goes back to it."""
    from tenuto.cli import shelf

    return shelf.publish(shelf.Where(data, tenant), name, stage, version, json=json)


@group.command("unpublish")
def unpublish(
    name: FlowName, stage: StageName, tenant: Tenant = "default", data: Data = None, json: Json = False
) -> int:
    """Take a flow back from a stage: its triggers there end, its runs go on."""
    from tenuto.cli import shelf

    return shelf.unpublish(shelf.Where(data, tenant), name, stage, json=json)


@group.command("export")
def export(
    name: FlowName,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to; made if need be", show_default=False)],
    version: Version = None,
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """Write a flow, the flows that it calls and the names of what else it needs, as files fit for Git."""
    from tenuto.cli import shelf

    return shelf.export(shelf.Where(data, tenant), name, folder, version, json=json)


@group.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="As `export` wrote it", show_default=False)],
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """Save every flow of a folder as a version, or none if one of them has problems. Nothing is published."""
    from tenuto.cli import shelf

    return shelf.import_(shelf.Where(data, tenant), folder, json=json)


@group.command("delete")
def delete(name: FlowName, tenant: Tenant = "default", data: Data = None, json: Json = False) -> int:
    """Forget a flow that is published nowhere, with all its versions. Its runs stay readable."""
    from tenuto.cli import shelf

    return shelf.delete(shelf.Where(data, tenant), name, json=json)
