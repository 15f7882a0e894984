"""What to say of a node in a few words: the part of a line that is neither its name nor its time. Pure text."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

from tenuto.cli.look import clock, compact, duration, plural, preview, safe, shorten
from tenuto.service.agent_efforts import text_of
from tenuto.service.projection import NodeView, RunView, Wait

Json = object

_WIDEST: Final = 2_000  # characters of a line of an argument
_TALLEST: Final = 50  # lines of one


@dataclass(slots=True, frozen=True)
class Detail:
    """`text` with the colour that it wants, and what to do about it, where that is for somebody to do."""

    text: str = ""
    tone: str = "dim"
    todo: str = ""


def detail(node: NodeView, run: str, now: float, names: Mapping[str, str] = MappingProxyType({})) -> Detail:
    """`names`: of other runs, by their ids, as far as they are known."""
    match node.status:
        case "succeeded":
            return Detail(_success(node))
        case "reused":
            return Detail(_source(node.reused_from or "", names), "magenta")
        case "failed":
            return Detail(_tries(node) + error_text(node.error), "red")
        case "retrying":
            due = f" in {duration(node.due - now)}" if node.due and node.due > now else ""
            return Detail(
                f"attempt {node.attempts + 1}/{max(node.max_attempts, node.attempts + 1)}{due} after {error_text(node.error, 60)}",
                "yellow",
            )
        case "waiting":
            return _waiting(node, run, now)
        case "unknown":
            return Detail(
                f"nobody knows whether its effect happened{_reason(node.wait)}",
                "yellow",
                f"tenuto runs decide {run} {_quoted(node.path)} retry|done|fail",
            )
        case "running":
            return Detail(_running(node))
        case "skipped" | "cancelled":
            return Detail(_unrun(node))
        case _:
            return Detail()


def _source(run: str, names: Mapping[str, str]) -> str:
    return "as edited" if run == "edit" else f"reused from {names.get(run, run)}"


def error_text(error: dict[str, Json] | None, limit: int = 200) -> str:
    """`type: message`, on one line."""
    if not error:
        return "unknown error"
    return shorten(safe(" ".join(f"{error.get('type')}: {error.get('message')}".split())), limit)


def _unrun(node: NodeView) -> str:
    """`cancelled: why`; an error of the kind `cancelled` says that word already."""
    if node.error is None:
        return node.status
    said = error_text(node.error, 60)
    return said if said.startswith(f"{node.status}: ") else f"{node.status}: {said}"


def place_text(error: dict[str, Json] | None) -> str:
    """Which node of the run an error is of; nothing where it is of the run as a whole."""
    node = (error or {}).get("node")
    return f"(at {node})" if node else ""


def wait_text(wait: Wait, now: float) -> str:
    until = f"  until {clock(wait.due)} ({duration(wait.due - now)} left)" if wait.due else ""
    match wait.kind:
        case "approval" if wait.ask.get("kind") in ("question", "budget"):
            return f"asks: {question_of(wait)}{until}"
        case "approval":
            return f"waits for approval: {question_of(wait)}{until}"
        case "signal":
            return f"waits for the signal `{wait.signal}`{until}"
        case "time":
            return f"waits {until.strip()}".rstrip()
        case "session":
            return f"waits for run {wait.ask.get('name') or wait.run} of the same session{_which(wait.ask.get('waits_for'))}"
        case "budget":
            return f"its budget is used up{_used_up(wait)}"
        case "pause":
            return "it is paused"
        case "decision":
            return f"waits for a decision{_reason(wait)}"
        case _:
            return wait_text(wait.waits[0], now) if wait.waits else "waits for its run"


def _reason(wait: Wait | None) -> str:
    """Why somebody has to decide."""
    reason = wait.ask.get("reason") if wait is not None else None
    return f": {preview(reason, 200)}" if reason else ""


def _which(waits_for: Json) -> str:
    """What the run ahead waits for itself, where that is known."""
    return f", which waits for {waits_for}" if waits_for else ""


def wait_todo(wait: Wait, run: str) -> str:
    """The command that ends the wait, if one does."""
    match wait.kind:
        case "approval" if wait.ask.get("kind") == "question" and "form" not in wait.ask:
            return f'tenuto runs signal {run} {_quoted(wait.signal or wait.path)} --payload \'{{"answer": "…"}}\''
        case "approval":
            return f"tenuto runs signal {run} {_quoted(wait.signal or wait.path)} --approve{_form(wait)}"
        case "signal":
            return f"tenuto runs signal {run} {_quoted(wait.signal or '')}"
        case "budget":
            more = compact({"add": wait.ask.get("limit") or {"usd": 1}})
            return f"tenuto runs signal {run} budget --data '{more}'"
        case "pause":
            return f"tenuto runs unpause {run}"
        case "decision":
            return f"tenuto runs decide {run} {_quoted(wait.path)} retry|done|fail"
        case "session":
            return f"tenuto runs show {wait.ask.get('name') or wait.run}"
        case "run" if wait.waits:
            return wait_todo(wait.waits[0], run)
        case _:
            return ""


def _used_up(wait: Wait) -> str:
    """`: 1,500 of 1,300 tokens`."""
    used, limits = (cast("dict[str, float]", wait.ask.get(key) or {}) for key in ("used", "limit"))
    said = ", ".join(f"{used[unit]:,} of {limit:,} {unit}" for unit, limit in limits.items())
    return f": {said}" if said else ""


def _form(wait: Wait) -> str:
    """What has to be filled in, if anything has."""
    form = wait.ask.get("form")
    required: Json = form.get("required") if isinstance(form, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] # JSON
    if not isinstance(required, list) or not required:
        return ""
    fields = ", ".join(f'"{name}": …' for name in required)  # pyright: ignore[reportUnknownVariableType] # JSON
    return f" --form '{{{fields}}}'"


def argument_lines(wait: Wait) -> list[str]:
    """With what exactly an agent wants to call a tool: whoever approves it must have seen all of it."""
    arguments = wait.ask.get("arguments") if wait.ask.get("kind") == "approval" else None
    given: dict[str, Json] = arguments if isinstance(arguments, dict) else {}  # pyright: ignore[reportUnknownVariableType] # JSON
    lines: list[str] = []
    for name, value in given.items():
        first, *more = safe(value if isinstance(value, str) else compact(value)).splitlines() or [""]
        shown = [f"{safe(name)}: {first}", *(f"  {line}" for line in more[:_TALLEST])]
        shown += [f"  … {len(more) - _TALLEST} lines more"] if len(more) > _TALLEST else []
        lines += [shorten(f"│ {line}", _WIDEST) for line in shown]
    return lines


def question_of(wait: Wait) -> str:
    question = preview(wait.ask.get("question") or "go on?", 120)
    arguments = wait.ask.get("arguments")
    return question if not arguments else f"{question} {preview(arguments, 120)}"


def progress_text(node: NodeView) -> str:
    """`7/12`, for a container that is open."""
    done = f"{node.items_done}/{node.items}" if node.items is not None else f"{node.items_done} done"
    return done + (f", {node.items_failed} failed" if node.items_failed else "")


def summary(view: RunView) -> str:
    """`5 nodes, 2 reused, 1 skipped`."""
    nodes = list(view.level().values())
    said = [plural(sum(node.status != "pending" for node in nodes), "node")]
    for status in ("reused", "skipped", "failed", "cancelled"):
        count = sum(node.status == status for node in nodes)
        said += [f"{count} {status}"] if count else []
    return ", ".join(said)


def result_text(value: Json) -> str:
    """An output for people: text as it is, the rest as indented JSON."""
    import json

    return safe(value) if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _success(node: NodeView) -> str:
    tries = _tries(node)
    if node.use in ("map", "loop"):
        return tries + _container(node)
    if node.use == "approval":
        return f"{tries}{node.port}{_by(node.output)}"
    if node.use in ("if", "switch"):
        return f"{tries}{node.port}"
    port = f"{node.port} " if node.port not in (None, "done") else ""
    output = text_of(node.output) if node.use == "agent" else node.output
    return f"{tries}{port}{_value(output)}"


def _container(node: NodeView) -> str:
    if node.use == "loop":
        return plural(node.items_done, "turn") + ("" if node.port == "done" else f", {node.port}")
    count = plural(node.items_done, "item")
    return count + (f", {node.items_failed} failed" if node.items_failed else "")


def _by(output: Json) -> str:
    if not isinstance(output, dict):
        return ""
    by, comment = output.get("by"), output.get("comment")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] # JSON
    return (f" by {by}" if by else "") + (f": {preview(comment, 40)}" if comment else "")  # pyright: ignore[reportUnknownArgumentType] # JSON


def _value(output: Json) -> str:
    if output is None:
        return ""
    return safe(preview(output, 60))


def _tries(node: NodeView) -> str:
    return f"attempt {node.attempts}: " if node.attempts > 1 else ""


def _running(node: NodeView) -> str:
    if node.use in ("map", "loop"):
        return progress_text(node)
    return f"attempt {node.attempts}/{max(node.max_attempts, node.attempts)}" if node.attempts > 1 else ""


def _waiting(node: NodeView, run: str, now: float) -> Detail:
    wait = node.wait
    if wait is None:
        return Detail("waits", "yellow")
    more = f"  (and {len(wait.waits) - 1} more)" if len(wait.waits) > 1 else ""
    return Detail(safe(wait_text(wait, now)) + more, "yellow", wait_todo(wait, run))


def _quoted(path: str) -> str:
    return f"'{path}'" if any(char in path for char in "[]/ *?") else path
