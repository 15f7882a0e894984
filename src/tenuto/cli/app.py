"""All commands under one name, and what is the same for each: `--debug`, `--version`, how a failure is said."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.exceptions import Abort, Exit, TyperException

from tenuto.cli import (
    agents,
    care,
    check,
    flows,
    identity,
    mcp,
    models,
    nodes,
    run,
    run_files,
    runs,
    secrets,
    tools,
    up,
    variables,
    webhooks,
)
from tenuto.cli.failures import BAD_INPUT, INTERRUPTED, complain, exit_code, reader_left
from tenuto.cli.light import HELP, lighten
from tenuto.cli.look import forgive, say, stand_in

app = typer.Typer(
    name="tenuto",
    help="Agent workflows that hold: run a flow, pull the plug, go on where it was.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": HELP},
)


def _version(wanted: bool) -> None:
    if wanted:
        from tenuto import __version__

        say(f"tenuto {__version__}")
        raise Exit(0)


@app.callback()
def _everywhere(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of a failure")
    ] = False,  # read by `carry_out`
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options before the command."""


run.register(app)
up.register(app)
check.register(app)
runs.register(app)
run_files.register(app)
secrets.register(app)
variables.register(app)
webhooks.register(app)
identity.register(app)
flows.register(app)
agents.register(app)
models.register(app)
nodes.register(app)
tools.register(app)
mcp.register(app)
care.register(app)


def carry_out(argv: Sequence[str] | None = None) -> int:
    """Carry out one command line; its exit code."""
    stand_in()
    forgive(sys.stdout)
    forgive(sys.stderr)
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        code = lighten(typer.main.get_command(app))(words, standalone_mode=False, prog_name="tenuto")
    except Abort:
        return INTERRUPTED
    except SystemExit:  # typer and rich leave so when nobody reads any more
        return reader_left()
    except TyperException as error:
        return _misused(error)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  no traceback reaches a user
        return exit_code(error, debug=debug)
    return code if isinstance(code, int) else 0


def _misused(error: TyperException) -> int:
    """A command line that cannot be: what is wrong with it, and where its help is."""
    context = getattr(error, "ctx", None)
    message = error.format_message()
    if not message:  # no command was named: help has been shown
        return BAD_INPUT
    complain(message, f"`{context.command_path if context else 'tenuto'} --help` says what there is")
    return BAD_INPUT
