"""How an agent's run went, in one line: what answered, how often it was asked, what it cost."""

from tenuto.cli.look import Look, cost, duration, plural
from tenuto.service.agent_efforts import Efforts
from tenuto.service.projection import RunView


def efforts_line(efforts: Efforts, seconds: float | None = None) -> str:
    """`2 answers of openai:gpt-5, 1 tool call  3.1s  $0.004 1,234 tokens`."""
    models = " and ".join(efforts.models)
    said = [f"{plural(efforts.asked, 'answer')}{f' of {models}' if models else ''}"] if efforts.asked else []
    said += [plural(efforts.called, "tool call")] if efforts.called else []
    took = duration(seconds) if seconds is not None else ""
    return "  ".join(part for part in (", ".join(said), took, cost(efforts.cost)) if part)


def last_line(view: RunView, efforts: Efforts, look: Look) -> str:
    """`✓ succeeded  brave-otter-7f3a  2 answers of openai:gpt-5  3.1s  $0.004 1,234 tokens`."""
    seconds = view.ended_at - view.started_at if view.ended_at and view.started_at else None
    return f"{look.mark(view.status)} {view.status}  {view.name}  {efforts_line(efforts, seconds)}".rstrip()
