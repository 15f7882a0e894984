"""The reference of the command line, written from the commands themselves. `make docs` puts it into the docs."""

from collections.abc import Iterator
from typing import Any

import typer

BAR = "\\|"  # inside a table

INTRODUCTION = """# The command line

What people read goes to stdout, and to stderr what is not the answer. With `--json` stdout is for programs: JSON alone, and
everything for people goes to stderr. On a terminal a run is a tree that fills in; elsewhere, and with `NO_COLOR`, it is
plain lines; where the encoding knows no `✓`, words stand for marks.

| exit code | |
|---|---|
| 0 | it succeeded |
| 1 | the run failed or was cancelled, or the data directory cannot be used |
| 2 | bad input: a file, a document, an option, a name that is not right. Nothing was started |
| 3 | the run waits, and `--no-wait` was given (or nobody drives it, and it was watched) |
| 130 | interrupted with ctrl-c; the run can be resumed |

What is wrong is said in a line, `error: …`, and what to do about it in a second. `--debug`, anywhere on the line, shows the
traceback.

## One directory, one owner

A run is driven by the process that owns the data directory (`.tenuto`, or `--data`, or `TENUTO_DATA`). There is one at a
time. Another process reads beside it; what changes something reaches the owner through the socket `control.sock` in the
directory, readable by its user alone. So `tenuto runs signal` answers a run in another terminal, and a second `tenuto run`
hands its run over and follows it. If the owner ends first, whoever follows goes on with the run. If nobody owns the
directory, a signal or a cancel is recorded and nothing is driven: `tenuto resume` goes on.

`tenuto run` drives its own run alone; `tenuto resume` drives all that have not ended.

## `tenuto run --json`

The last line of stdout is one object with `id`, `name`, `status`, `output` and `error`. `status` is one of `queued`,
`running`, `waiting`, `succeeded`, `failed`, `cancelled`. What nodes print goes to stderr.

## Naming a run

Where a command takes `RUN`, that is its name (`brave-otter-7f3a`), its id, or the start of either, if only one run
starts so. Of several runs with the same name, the newest is meant.

"""


def reference() -> str:
    """The whole page."""
    from tenuto.cli.app import app

    command = typer.main.get_command(app)
    parts = [_section(words, each) for words, each in _commands("tenuto", command)]
    return INTRODUCTION + "\n".join(parts)


def _commands(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield words, command
        return
    for name, each in inner.items():
        yield from _commands(f"{words} {name}", each)


def _section(words: str, command: Any) -> str:
    arguments = [param for param in command.params if param.param_type_name == "argument" and not param.hidden]
    options = [param for param in command.params if param.param_type_name == "option" and not param.hidden]
    shown = " ".join([words, *(_argument(param) for param in arguments)])
    rows = [(f"`{_argument(param)}`", param.help or "") for param in arguments]
    rows += [(f"`{_option(param)}`", param.help or "") for param in options]
    table = "".join(f"| {left.replace('|', BAR)} | {right} |\n" for left, right in rows)
    return f"## `{shown}`\n\n{_help(command)}\n\n| | |\n|---|---|\n{table}"


def _argument(param: Any) -> str:
    return str(param.metavar or param.name.upper())


def _option(param: Any) -> str:
    value = "" if param.is_flag else f" {param.metavar or param.name.rstrip('_').upper()}"
    return ", ".join(param.opts) + value


def _help(command: Any) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
