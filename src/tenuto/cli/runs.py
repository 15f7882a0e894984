"""`tenuto runs …`: what was run, what became of it, and what can be done about it."""

from typing import Annotated

import typer

from tenuto.cli.options import Data, FlowFile, Json, NoWait, RunArg

group = typer.Typer(
    help="Runs: look at them, answer them, start them again.", no_args_is_help=True, pretty_exceptions_enable=False
)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="runs")


@group.command("list")
def list_runs(
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only these: queued running waiting succeeded failed cancelled")
    ] = None,
    flow: Annotated[str | None, typer.Option("--flow", metavar="NAME", help="Only runs of this flow")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most, the newest first")] = 50,
    cursor: Annotated[
        str | None, typer.Option("--cursor", metavar="TEXT", help="`next_cursor` of the page before (--json says it)")
    ] = None,
    data: Data = None,
    json: Json = False,
) -> int:
    """List runs, the newest first."""
    from tenuto.cli import looking

    return looking.list_runs(data, status or [], flow, limit, cursor, json=json)


@group.command("show")
def show(
    run: RunArg,
    under: Annotated[
        str,
        typer.Option(
            "--under", metavar="PATH", help="The nodes inside a map or a loop, such as `search` or `search[3].inner`"
        ),
    ] = "",
    logs: Annotated[
        bool, typer.Option("--logs", help="What its nodes said with `ctx.log`, line by line; with --json under `logs`")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> int:
    """Show a run: its nodes, what it waits for, its input and output."""
    from tenuto.cli import looking

    return looking.show(data, run, under, logs=logs, json=json)


@group.command("events")
def events(
    run: RunArg,
    after: Annotated[int, typer.Option("--after", metavar="SEQ", min=0, help="Only later ones")] = 0,
    data: Data = None,
    json: Json = False,
) -> int:
    """Print the journal of a run, fact by fact (with --json one object a line)."""
    from tenuto.cli import looking

    return looking.events(data, run, after, json=json)


@group.command("watch")
def watch(run: RunArg, data: Data = None, json: Json = False) -> int:
    """Follow a run live. Exit codes as of `tenuto run`; 3 if nobody drives it."""
    from tenuto.cli import looking

    return looking.watch(data, run, json=json)


@group.command("diff")
def diff(
    a: RunArg,
    b: Annotated[str, typer.Argument(metavar="OTHER", help="The run to compare it with", show_default=False)],
    data: Data = None,
    json: Json = False,
) -> int:
    """Show where two runs part: the first node of which they tell different things, and all others."""
    from tenuto.cli import looking

    return looking.diff(data, a, b, json=json)


@group.command("signal")
def signal(
    run: RunArg,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The signal's name, or the path of an approval", show_default=False)
    ],
    approve: Annotated[bool, typer.Option("--approve", help="Approve")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Reject")] = False,
    comment: Annotated[str | None, typer.Option("--comment", help="A word to the answer")] = None,
    form: Annotated[
        str | None, typer.Option("--form", metavar="JSON", help="What the approval's form asks for")
    ] = None,
    payload: Annotated[str | None, typer.Option("--payload", metavar="JSON", help="The signal's payload")] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data", metavar="JSON|DIR", help="The payload, if it is JSON; an existing directory is the data directory"
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Send a run a signal, or answer one of its approvals."""
    from tenuto.cli import acting

    return acting.signal(
        data, run, name, approve=approve, reject=reject, comment=comment, form=form, payload=payload, json=json
    )


@group.command("decide")
def decide(
    run: RunArg,
    path: Annotated[str, typer.Argument(metavar="PATH", help="The node in doubt", show_default=False)],
    decision: Annotated[str, typer.Argument(metavar="retry|done|fail", help="What to do about it", show_default=False)],
    output: Annotated[
        str | None, typer.Option("--output", metavar="JSON", help="With `done`: what it answered")
    ] = None,
    data: Data = None,
    json: Json = False,
) -> int:
    """Decide about a node of which nobody knows whether its effect happened."""
    from tenuto.cli import acting

    return acting.decide(data, run, path, decision, output, json=json)


@group.command("cancel")
def cancel(
    run: RunArg,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; the journal keeps it")] = None,
    data: Data = None,
    json: Json = False,
) -> int:
    """Cancel a run."""
    from tenuto.cli import acting

    return acting.cancel(data, run, reason, json=json)


@group.command("pause")
def pause(run: RunArg, data: Data = None, json: Json = False) -> int:
    """Pause a run: nothing new of it starts, what runs goes on to its end. `runs unpause` lets it go on."""
    from tenuto.cli import acting

    return acting.pause(data, run, json=json)


@group.command("unpause")
def unpause(run: RunArg, data: Data = None, json: Json = False) -> int:
    """Let a run that was paused go on."""
    from tenuto.cli import acting

    return acting.unpause(data, run, json=json)


@group.command("delete")
def delete(run: RunArg, data: Data = None, json: Json = False) -> int:
    """Forget a run that has ended."""
    from tenuto.cli import acting

    return acting.delete(data, run, json=json)


@group.command("retry")
def retry(
    run: RunArg,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="NODE", help="Run this node and what follows again")
    ] = None,
    flow: FlowFile = None,
    data: Data = None,
    no_wait: NoWait = False,
    json: Json = False,
) -> int:
    """Run again what failed, in a new run that reuses every recorded result. Exit codes as of `tenuto run`."""
    from tenuto.cli import acting

    return acting.retry(data, run, from_, flow, wait=not no_wait, json=json)


@group.command("fork")
def fork(
    run: RunArg,
    at: Annotated[
        str | None, typer.Option("--at", metavar="NODE|SEQ", help="From before this node, or after this event")
    ] = None,
    edits: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="input.x, vars.X, NODE.input.key or NODE.output; repeat it"),
    ] = None,
    flow: FlowFile = None,
    name: Annotated[str | None, typer.Option("--name", help="What to call the new run")] = None,
    data: Data = None,
    no_wait: NoWait = False,
    json: Json = False,
) -> int:
    """Start a new run as this one was at some point, with edits; what is still valid is reused, the original stays.

    Exit codes as of `tenuto run`.
    """
    from tenuto.cli import acting

    return acting.fork(data, run, at, edits or [], flow, name, wait=not no_wait, json=json)
