"""`tenuto models …`: which models there are here, and the one that needs no network."""

from typing import Annotated

import typer

from tenuto.cli.options import Json

group = typer.Typer(
    help="Models: which agents can ask, and what they cost.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="models")


@group.command("list")
def list_models(json: Json = False) -> int:
    """List the models that agents can ask here: the default first, and why it is that one."""
    from tenuto.cli import model_lists

    return model_lists.list_models(json=json)


@group.command("get")
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="`local`: a small model that runs without a network")],
) -> int:
    """Fetch a model that runs on this machine: about 100 MB, once. Its checksum is verified."""
    from tenuto.cli import model_lists

    return model_lists.get(name)
