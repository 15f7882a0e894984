"""Whether a run waits although work of it is outstanding: all of that are children, and they wait."""

from tenuto.core.commands import StartChild
from tenuto.hosts.local.residents import Residents
from tenuto.hosts.local.run import Run


def waits(residents: Residents, run: Run) -> bool:
    """A run whose every outstanding command is a child that waits, waits itself; a retry that is due soon does not."""
    state = run.state
    if run.writing:
        return False  # what is decided is not yet so for anybody else
    if state.status == "waiting":
        return True
    if state.status != "running" or state.retrying or not state.todo:
        return False
    return all(isinstance(each, StartChild) and _child_waits(residents, each.run) for each in state.todo.values())


def _child_waits(residents: Residents, child: str) -> bool:
    """Only runs in which nothing is in flight leave memory."""
    driver = residents.get(child)
    return residents.was_evicted(child) if driver is None else waits(residents, driver)
