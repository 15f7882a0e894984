"""Approvals answered where the flow runs: the question on the terminal, the answer typed below it.

A prompt can be withdrawn (somebody else answered, the time is up), so lines are read as the loop's own events and not
in a thread that could not be stopped.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Any, cast

from tenuto.cli.ask_agent import ask_agent
from tenuto.cli.describe import question_of, result_text
from tenuto.cli.look import compact, headline, note, safe, shorten
from tenuto.service.inputs import check, read_as
from tenuto.service.projection import Wait
from tenuto.service.refusals import Invalid

Json = object

_LONGEST = 60  # characters of what stands in a field already

_YES = {"y": True, "yes": True, "n": False, "no": False}


class NoAnswer(Exception):
    """The person left the question open (end of input)."""


def can_ask() -> bool:
    """Whether a person sits here: questions go to the terminal, whatever stdout is."""
    return sys.stdin.isatty() and sys.stderr.isatty() and sys.platform != "win32"


async def ask(wait: Wait) -> dict[str, Json]:
    """The answer to an approval: {approved, comment?, form?}. Raises `NoAnswer` at the end of input."""
    said = await ask_agent(wait, _Terminal())
    if said is not None:
        return said
    _show(wait)
    approved = await _yes_or_no()
    answer: dict[str, Json] = {"approved": approved}
    form = wait.ask.get("form")
    if approved and isinstance(form, dict):
        answer["form"] = await _fill_in(cast("Mapping[str, Json]", form))
    comment = (await _line("  Comment (enter for none): ")).strip()
    return {**answer, "comment": comment} if comment else answer


class _Terminal:
    async def line(self, prompt: str) -> str:
        return await _line(prompt)

    async def fill_in(self, form: Mapping[str, Json]) -> Json:
        return await _fill_in(form)


def _show(wait: Wait) -> None:
    note("")
    headline(question_of(wait), f"  ({wait.path})")
    shown = wait.ask.get("show")
    if shown is not None:
        for line in result_text(shown).splitlines()[:40]:
            note(f"  │ {line}")


async def _yes_or_no() -> bool:
    while True:
        said = (await _line("  Approve? [y/n] ")).strip().lower()
        if said in _YES:
            return _YES[said]
        note("  Please answer y or n.")


async def _fill_in(form: Mapping[str, Json]) -> Json:
    """Ask for each field by its declared type, until the whole fits."""
    properties = form.get("properties")
    if not isinstance(properties, dict):
        return await _whole(form)
    while True:
        value: dict[str, Json] = {}
        for name, field in cast("dict[str, Any]", properties).items():
            given = await _field(name, field, name in cast("list[str]", form.get("required") or []))
            if given is not _LEFT_OUT:
                value[name] = given
        problems = check(form, value, "form")
        if not problems:
            return value
        note(f"  {problems[0].path}: {problems[0].message}")


async def _whole(form: Mapping[str, Json]) -> Json:
    while True:
        try:
            value = read_as(form, await _line("  Form (JSON): "), "form")
        except Invalid as refused:
            note(f"  {refused}")
            continue
        problems = check(form, value, "form")
        if not problems:
            return value
        note(f"  {problems[0].path}: {problems[0].message}")


_LEFT_OUT = object()


async def _field(name: str, field: Mapping[str, Json], required: bool) -> Json:
    while True:
        text = (await _line(f"  {field.get('title', name)}{_kind(field)}: ")).strip()
        if not text and "default" in field:
            return field["default"]
        if not text and not required:
            return _LEFT_OUT
        try:
            value = read_as(field, text, name)
            problems = check(field, value, name)
        except Invalid as refused:
            problems = refused.problems
            value = None
        if not problems:
            return value
        note(f"  {problems[0].message}")


def _kind(field: Mapping[str, Json]) -> str:
    choices = field.get("enum")
    kind = (
        "|".join(str(choice) for choice in cast("list[Json]", choices))
        if isinstance(choices, list)
        else field.get("type")
    )
    default = f" = {shorten(compact(field['default']), _LONGEST)}" if "default" in field else ""
    return f" ({kind}{default})" if kind else default


async def _line(prompt: str) -> str:
    """One line from the terminal; can be cancelled."""
    sys.stderr.write(safe(prompt))
    sys.stderr.flush()
    loop = asyncio.get_running_loop()
    terminal = sys.stdin.fileno()
    ready: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        said = os.read(terminal, 65536)  # a terminal gives one line at a time
        if not ready.done():
            ready.set_result(said.decode(sys.stdin.encoding or "utf-8", "replace"))

    loop.add_reader(terminal, read)
    try:
        line = await ready
    finally:
        loop.remove_reader(terminal)
    if not line:
        note("")
        raise NoAnswer
    return line
