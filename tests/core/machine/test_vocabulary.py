"""Every word of the contract is said somewhere: each fact with the fields that the rule names, each status and shown."""

from collections.abc import Callable
from dataclasses import fields

import pytest

from tenuto.core import inputs
from tenuto.core.events import FACTS, Fact
from tenuto.core.flow.model import Flow
from tenuto.core.machine import NODE, RUN, Origin, Result, node_at
from tenuto.service.follow import follow
from tenuto.service.projection import RunView
from tenuto.testing.driver import Driver

from .drive import TYPES, WORK, drive, work

MAIL = {"use": "mail"}


def _plain() -> Driver:
    driver = drive({"a": WORK, "b": work(after=["a"]), "c": work(after=["b.error"])})
    driver.succeed("a", 1)
    driver.succeed("b")
    return driver


def _queued() -> Driver:
    return Driver({"flow": "f", "nodes": {"a": WORK}}, types=TYPES).queue().start()


def _resumed() -> Driver:
    driver = drive({"a": WORK})
    driver.crash()
    return driver


def _effects() -> Driver:
    driver = drive({"a": MAIL, "b": work(after=["a"])})
    driver.begin("a")
    driver.doubt("a")
    return driver


def _steps() -> Driver:
    driver = drive({"a": WORK})
    driver.tell(inputs.StepStarting(driver.now, "a", 1, "pay", "h"))
    driver.step("a", "pay", 1, input_hash="h")
    driver.tell(inputs.StepMismatch(driver.now, "a", 1, "pay"))
    return driver


def _failed() -> Driver:
    driver = drive({"a": work(retry={"attempts": 2, "delay": "1s"})})
    driver.fail("a")
    driver.advance(60)
    driver.fail("a")
    return driver


def _retrying() -> Driver:
    driver = drive({"a": work(retry={"attempts": 2, "delay": "1s"})})
    driver.fail("a")
    return driver


def _suspended() -> Driver:
    driver = drive({"a": WORK})
    driver.suspend("a", "key", "a/key", seconds=5)
    return driver


def _skipped() -> Driver:
    return drive({"a": work(when="${false}"), "b": WORK})


def _reused() -> Driver:
    document = {"a": WORK, "b": work(after=["a"])}
    flow: Flow = drive(document).flow
    node = node_at(flow, "a")
    assert node is not None
    results = {"a": Result(node.definition, {}, "done", 7)}
    return drive(document, origin=Origin("run-0", results, {}))


def _items() -> Driver:
    driver = drive({"m": {"use": "map", "over": "${[1]}", "nodes": {"x": WORK}}})
    driver.succeed("m[0].x")
    return driver


def _time() -> Driver:
    driver = drive({"w": {"use": "wait", "with": {"for": "1m"}}})
    driver.advance(61)
    return driver


def _signalled() -> Driver:
    driver = drive({"a": WORK})
    driver.signal("hello", 1, by="ada", key="k")
    return driver


def _children() -> Driver:
    driver = drive({"c": {"use": "call", "with": {"flow": "sub"}}})
    driver.begin("c")
    driver.succeed("c", 1)
    return driver


def _spent() -> Driver:
    driver = drive({"a": WORK, "b": work(after=["a"])}, budget={"usd": 1})
    driver.succeed("a", usage={"usd": 2})
    return driver


def _cancelled() -> Driver:
    driver = drive({"a": WORK})
    driver.cancel()
    driver.run()
    return driver


STORIES: tuple[Callable[[], Driver], ...] = (
    _plain, _queued, _resumed, _effects, _steps, _failed, _retrying, _suspended, _skipped, _reused, _items, _time,
    _signalled, _children, _spent, _cancelled,
)  # fmt: skip

# What SEMANTICS 28 says that a fact carries, besides its time.
CARRIES = {
    "run.queued": {"run", "document", "input", "vars", "semantics"},
    "run.started": {"run", "document", "input", "vars", "semantics"},
    "run.resumed": {"epoch"},
    "node.started": {"path", "attempt", "input"},
    "step.started": {"path", "key"},
    "step.recorded": {"path", "key", "output", "usage"},
    "steps.dropped": {"path", "key"},
    "node.succeeded": {"path", "port", "output", "attempt", "started_at", "input", "usage"},
    "node.failed": {"path", "error", "attempt", "input", "usage"},
    "node.retrying": {"path", "attempt", "due", "error"},
    "node.suspended": {"path", "awaits"},
    "node.unknown": {"path", "attempt"},
    "node.skipped": {"path"},
    "node.reused": {"path", "from_", "output", "input"},
    "item.done": {"path", "index", "output", "error"},
    "signal.received": {"name", "payload", "by", "key"},
    "timer.set": {"path", "due"},
    "timer.fired": {"path"},
    "child.started": {"path", "run", "version"},
    "child.finished": {"path", "run", "status", "output", "error", "usage"},
    "budget.exceeded": {"usage", "limit"},
    "cancel.requested": {"by", "reason"},
    "run.succeeded": {"output"},
    "run.failed": {"error"},
    "run.cancelled": {"error"},
}


@pytest.fixture(scope="module")
def recorded() -> dict[str, Fact]:
    """A fact of each type, as some flow recorded it."""
    return {fact.type: fact for story in STORIES for fact in story().facts}


def _views(driver: Driver) -> list[RunView]:
    """As it stood after each of its facts."""
    facts = list(enumerate(driver.facts, 1))
    return [follow(facts[:count], driver.flow).view() for count in range(1, len(facts) + 1)]


@pytest.mark.parametrize("kind", CARRIES)
def test_every_fact_occurs_and_says_what_the_rule_names(recorded: dict[str, Fact], kind: str) -> None:
    """SEMANTICS 28."""
    assert set(CARRIES) == set(FACTS)
    assert {field.name for field in fields(recorded[kind])} >= CARRIES[kind] | {"at"}


def test_what_matters_is_said_and_not_left_out(recorded: dict[str, Fact]) -> None:
    """SEMANTICS 28: a field that is there and empty would not do."""
    said = {kind: {field.name: getattr(fact, field.name) for field in fields(fact)} for kind, fact in recorded.items()}

    assert said["run.started"]["semantics"] == 1
    assert set(said["node.failed"]["error"]) == {"type", "message", "node", "attempts"}
    assert said["node.retrying"]["due"] > said["node.retrying"]["at"]
    assert set(said["node.suspended"]["awaits"]) == {"key", "signal", "due"}
    assert (said["signal.received"]["by"], said["signal.received"]["key"]) == ("ada", "k")
    assert said["child.started"]["run"] == said["child.finished"]["run"]
    assert said["node.reused"]["from_"] == "run-0"


def test_every_status_of_a_node_is_reached_and_shown() -> None:
    """SEMANTICS 36: by the heart, and by the view that people get."""
    reached = {ns.status for story in STORIES for ns in story().state.nodes.values()}
    shown = {node.status for story in STORIES for view in _views(story()) for node in view.nodes.values()}

    assert reached == set(NODE)
    assert shown == set(NODE)


def test_every_status_of_a_run_is_reached_and_shown() -> None:
    """SEMANTICS 36."""
    statuses = set(RUN) - {"new"}

    shown = {view.status for story in STORIES for view in _views(story())}

    assert {story().status for story in STORIES} >= statuses - {"queued"}
    assert shown == statuses


def test_decide_gives_what_evolve_folds() -> None:
    """SEMANTICS 29: the facts of every story, folded anew, make the state that deciding left."""
    for story in STORIES:
        driver = story()
        before = {path: (ns.status, ns.port, ns.attempt) for path, ns in driver.state.nodes.items()}

        driver.crash(clean=True)

        after = {path: (ns.status, ns.port, ns.attempt) for path, ns in driver.state.nodes.items()}
        assert {path: said for path, said in after.items() if before[path][0] != "running"} == {
            path: said for path, said in before.items() if said[0] != "running"
        }


def test_a_queued_run_starts_once_and_only_when_it_was_not_cancelled() -> None:
    """SEMANTICS 26, 33: it holds its place, and is cancelled at once."""
    driver = Driver({"flow": "f", "nodes": {"a": WORK}}, types=TYPES).queue()

    driver.cancel()
    driver.start()

    assert [fact.type for fact in driver.facts] == ["run.queued", "cancel.requested", "run.cancelled"]


def test_a_run_that_was_admitted_is_not_queued_again() -> None:
    """SEMANTICS 33: a late word of the admission changes nothing."""
    driver = Driver({"flow": "f", "nodes": {"a": WORK}}, types=TYPES).queue().start()

    driver.queue()
    driver.start()

    assert [fact.type for fact in driver.facts] == ["run.queued", "run.started"]
