"""What an agent asks, answered at the terminal: may it call this tool, what does it want to know, may it spend more."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol, cast

from tenuto.cli.describe import argument_lines
from tenuto.cli.look import compact, headline, note, safe
from tenuto.service.inputs import check, read_as
from tenuto.service.projection import Wait
from tenuto.service.refusals import Invalid

Json = object

_YES: Final = frozenset({"y", "yes"})
_NO: Final = frozenset({"n", "no"})
_EDIT: Final = frozenset({"e", "edit"})


class Prompts(Protocol):
    """How a line is read from the terminal, and a form filled in."""

    async def line(self, prompt: str) -> str: ...

    async def fill_in(self, form: Mapping[str, Json]) -> Json: ...


async def ask_agent(wait: Wait, prompts: Prompts) -> dict[str, Json] | None:
    """The answer; None where it is no agent that asks."""
    kind = wait.ask.get("kind")
    asker = _ASKERS.get(kind) if isinstance(kind, str) else None
    return None if asker is None else await asker(wait, prompts)


async def _tool(wait: Wait, prompts: Prompts) -> dict[str, Json]:
    ask = wait.ask
    arguments = cast("dict[str, Any]", ask.get("arguments") or {})
    _say(str(ask.get("question") or f"call {ask.get('tool')}?"))
    for line in argument_lines(wait):
        note(f"  {line}")
    while True:
        said = (await prompts.line("  Let it? [y]es, [n]o, [e]dit: ")).strip().lower()
        if said in _YES:
            return {"approved": True, "hash": ask.get("hash")}
        if said in _NO:
            why = (await prompts.line("  Why not (the agent reads it; enter for none): ")).strip()
            return {"approved": False, **({"comment": why} if why else {})}
        if said in _EDIT:
            return {"approved": True, "form": {"arguments": await _edited(ask, arguments, prompts)}}
        note("  Please answer y, n or e.")


async def _edited(ask: Mapping[str, Json], arguments: Mapping[str, Json], prompts: Prompts) -> Json:
    """Other arguments, as the tool takes them: one by one where its schema names them."""
    schema = cast("Mapping[str, Json]", ask.get("schema") or {"type": "object"})
    fields = schema.get("properties")
    if not isinstance(fields, dict) or not fields:
        return await _whole(schema, arguments, prompts)
    named = cast("dict[str, dict[str, Json]]", fields)
    note("  Enter keeps what stands there.")
    given = {
        name: {**field, "default": arguments[name]} if name in arguments else field for name, field in named.items()
    }
    unnamed = {name: value for name, value in arguments.items() if name not in named}
    return {**unnamed, **cast("dict[str, Json]", await prompts.fill_in({**schema, "properties": given}))}


async def _whole(schema: Mapping[str, Json], arguments: Mapping[str, Json], prompts: Prompts) -> Json:
    note(f"  {safe(compact(arguments))}")
    while True:
        said = await prompts.line("  Arguments (JSON; enter keeps them): ")
        if not said.strip():
            return arguments
        try:
            value = read_as(schema, said, "arguments")
            problems = check(schema, value, "arguments")
        except Invalid as refused:
            value, problems = None, refused.problems
        if not problems:
            return value
        note(f"  {problems[0].path}: {problems[0].message}")


async def _question(wait: Wait, prompts: Prompts) -> dict[str, Json]:
    _say(str(wait.ask.get("question")))
    form = wait.ask.get("form")
    if isinstance(form, dict):
        return {"form": await prompts.fill_in(cast("Mapping[str, Json]", form))}
    while True:
        said = (await prompts.line("  Your answer: ")).strip()
        if said:
            return {"answer": said}


async def _budget(wait: Wait, prompts: Prompts) -> dict[str, Json]:
    _say(str(wait.ask.get("question")))
    while True:
        said = (await prompts.line("  Let it go on? [y]es, as much again; [n]o, end it: ")).strip().lower()
        if said in _YES | _NO:
            return {"approved": said in _YES}
        note("  Please answer y or n.")


_ASKERS: Final[Mapping[str, Callable[[Wait, Prompts], Awaitable[dict[str, Json]]]]] = {
    "approval": _tool,
    "question": _question,
    "budget": _budget,
}


def _say(question: str) -> None:
    note("")
    first, *rest = safe(question).splitlines() or [""]
    headline(first)
    for line in rest:
        note(f"  {line}")
