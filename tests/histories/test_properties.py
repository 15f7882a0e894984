"""What holds of every flow and every history, whatever Hypothesis thinks of (SEMANTICS 26-31; R13, R15)."""

from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenuto.core import inputs
from tenuto.core.commands import RunNode, StartChild
from tenuto.core.events import TERMINAL
from tenuto.core.flow import Flow
from tenuto.core.machine import PAUSE, RESUME, decide, evolve, new_state, proceed, refusal, snapshot, todo
from tenuto.core.values import canonical
from tenuto.testing.driver import Driver, flow_of, replay
from tenuto.testing.invariants import check, numbered

from .flows import LIBRARY, drawn, seeds
from .simulation import Simulation

quick = settings(
    deadline=None, suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
)


@settings(quick, max_examples=60)
@given(seeds)
def test_random_flows_in_random_orders_end_as_the_reference_says(seed: int):
    """With duplicates, crashes, torn appends and snapshots on the way."""
    random = Random(seed)
    _, flow = drawn(random)

    Simulation(flow, random).run()


@settings(quick, max_examples=30)
@given(seeds)
def test_replaying_every_prefix_gives_the_state_and_the_commands_that_were(seed: int):
    """SEMANTICS 30: not only at the end, and not only one fact after another."""
    random = Random(seed)
    _, flow = drawn(random)
    driver = Driver(flow, input={"n": 1, "flag": True}, library=LIBRARY)
    seen: list[tuple[int, str, list[str]]] = []

    for word in _words_of(flow, random):
        driver.tell(word)
        seen.append((len(driver.facts), canonical(snapshot(driver.state)), sorted(map(str, driver.due))))

    for length, text, due in seen:
        state = replay(flow, driver.about, driver.facts[:length])
        assert canonical(snapshot(state)) == text
        assert sorted(map(str, todo(state))) == due


@settings(quick, max_examples=30)
@given(seeds)
def test_what_is_decided_in_slices_is_what_is_decided_at_once(seed: int):
    """SEMANTICS 30: the same facts in the same order, and then the same state and commands."""
    random = Random(seed)
    _, flow = drawn(random)
    whole = Driver(flow, input={"n": 1, "flag": True}, library=LIBRARY)
    state = new_state(flow, whole.about)

    for word in _words_of(flow, random):
        facts = decide(state, word, random.randint(1, 3))
        while state.agenda:
            facts += proceed(state, word, random.randint(1, 3))
        assert facts == whole.tell(word)

    assert canonical(snapshot(state)) == canonical(snapshot(whole.state))
    assert sorted(map(str, todo(state))) == sorted(map(str, whole.due))


def _words_of(flow: Flow, random: Random) -> list[inputs.Input]:
    return Simulation(flow, random).run().words


@settings(quick, max_examples=30)
@given(seeds)
def test_every_cut_goes_on_to_an_end(seed: int):
    """SEMANTICS 30: a prefix cut anywhere, within one word's facts too, is a run that can be finished and breaks no rule."""
    random = Random(seed)
    _, flow = drawn(random)
    whole = Simulation(flow, random).run().driver

    for length in random.sample(range(1, len(whole.facts)), min(8, len(whole.facts) - 1)):
        driver = Driver(flow, input=whole.about.input, library=LIBRARY)
        driver.facts, driver.now = whole.facts[:length], whole.now
        driver.reload()
        _finish(driver)
        assert check({"run-1": numbered(driver.facts)}, flows={"run-1": flow}) == []


def _finish(driver: Driver) -> None:
    """Everything that is asked for succeeds, everybody answers, time passes."""
    driver.start()  # where it was still queued
    for _ in range(200):
        driver.behaviours = {"work": 1, "choose": 1, "mail": 1, "child": 1}
        driver.run()
        if driver.state.ended is not None:
            return
        _answer_somebody(driver)
        driver.advance(30)
    raise AssertionError(f"the run does not end: {driver.due}")


def _answer_somebody(driver: Driver) -> None:
    for path, node in list(driver.state.nodes.items()):
        if node.status == "unknown":
            driver.tell(inputs.Signal(driver.now, path, {"decision": "done"}))
        elif node.status == "waiting" and node.awaits and "signal" in node.awaits:
            driver.tell(inputs.Signal(driver.now, node.awaits["signal"], {"approved": True}))
    driver.tell(inputs.Signal(driver.now, "budget", {"add": {"tokens": 100}}))
    driver.tell(inputs.Signal(driver.now, RESUME, None))


# --- words that make no sense

PATHS = st.one_of(
    st.sampled_from(
        ["n1", "n2", "n3", "n1[0].n2", "n2[1].n3", "run", "run.finally", "", "nobody", "n1[", "n1[99].x", "[0]"]
    ),
    st.text(max_size=8),
)
ODD = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=6),
        st.sampled_from(["", "\x00", "../", "\u202e", "$secret", "x" * 10_000]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
TIMES = st.floats(0, 2e9)
ATTEMPTS = st.integers(-1, 3)
PAYLOADS = ODD | st.fixed_dictionaries(
    {},
    optional={"approved": ODD, "decision": st.sampled_from(["retry", "done", "fail", "", 1]), "add": ODD, "stop": ODD},
)
GARBAGE = st.one_of(
    st.builds(inputs.Queue, TIMES),
    st.builds(inputs.Start, TIMES),
    st.builds(inputs.Resume, TIMES, ATTEMPTS, st.booleans()),
    st.builds(inputs.Wake, TIMES),
    st.builds(inputs.Starting, TIMES, PATHS, ATTEMPTS),
    st.builds(
        inputs.Succeeded, TIMES, PATHS, ATTEMPTS, ODD, port=st.sampled_from(["done", "left", "", "nope", "error"])
    ),
    st.builds(
        inputs.Failed, TIMES, PATHS, ATTEMPTS, st.text(max_size=5), st.text(max_size=5), jitter=st.floats(0, 0.99)
    ),
    st.builds(inputs.Doubt, TIMES, PATHS, ATTEMPTS, st.text(max_size=5)),
    st.builds(inputs.Suspended, TIMES, PATHS, ATTEMPTS, st.just({"key": "k", "signal": "s", "seconds": 1})),
    st.builds(inputs.StepStarting, TIMES, PATHS, ATTEMPTS, st.text(max_size=3), st.just("h")),
    st.builds(inputs.StepDone, TIMES, PATHS, ATTEMPTS, st.text(max_size=3), st.just("h"), ODD),
    st.builds(inputs.StepMismatch, TIMES, PATHS, ATTEMPTS, st.text(max_size=3)),
    st.builds(
        inputs.Signal,
        TIMES,
        PATHS | st.sampled_from(["budget", PAUSE, RESUME]),
        PAYLOADS,
        key=st.none() | st.text(max_size=2),
    ),
    st.builds(inputs.TimerDue, TIMES, PATHS),
    st.builds(inputs.ChildBegun, TIMES, PATHS, st.text(max_size=3), st.just("1")),
    st.builds(
        inputs.ChildEnded, TIMES, PATHS, st.text(max_size=3), st.sampled_from(["succeeded", "failed", "odd"]), ODD
    ),
    st.builds(inputs.Cancel, TIMES),
)


@settings(quick, max_examples=100)
@given(seeds, st.lists(GARBAGE, max_size=30))
def test_decide_never_raises_and_a_replay_understands_all_it_said(seed: int, words: list[inputs.Input]):
    """Unknown paths, wrong attempts, odd values, words out of turn: facts or none, never an exception."""
    random = Random(seed)
    _, flow = drawn(random)
    driver = Driver(flow, input={"n": 1, "flag": False}, library=LIBRARY)
    state = new_state(flow, driver.about)
    if random.random() < 0.9:
        words = [inputs.Start(0.0), *words]

    for word in words:
        if isinstance(word, inputs.Signal):
            refusal(driver.state, word)
        for fact in driver.tell(word):
            evolve(state, fact)

    assert canonical(snapshot(state)) == canonical(snapshot(driver.state))


NO_JSON = (float("nan"), float("inf"), "\ud800", 2**70, {1: 2}, b"bytes", (1, 2), {1, 2}, object())


@settings(quick, max_examples=40)
@given(seeds)
def test_values_that_are_no_json_are_not_the_hearts_undoing(seed: int):
    """R15: a host looks at values before the heart sees them; one that forgot gets a failed node, never an exception."""
    random = Random(seed)
    _, flow = drawn(random)
    driver = Driver(flow, input={"n": 1, "flag": True}, library=LIBRARY).start()

    for _ in range(20):
        driver.tell(inputs.Signal(driver.now, random.choice(["go", "stop"]), random.choice(NO_JSON)))
        for command in driver.due:
            if isinstance(command, RunNode):
                driver.tell(inputs.Succeeded(driver.now, command.path, command.attempt, random.choice(NO_JSON)))
            elif isinstance(command, StartChild):
                driver.tell(
                    inputs.ChildEnded(driver.now, command.path, command.run, "succeeded", random.choice(NO_JSON))
                )
        driver.advance(30)

    assert driver.status in {"running", "waiting", "succeeded", "failed"}


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "\x00",
        "../..",
        "x" * 1_000_000,
        "\u202egnp",
        "\U0001f600",
        2**63 - 1,
        -(2**63),
        1e308,
        5e-324,
        {"": {"": []}},
    ],
)
def test_odd_values_pass_through_a_run_unchanged(value: Any):
    """R15: an output, an item, a signal and a bound input may be any JSON; no run is wedged by one."""
    nodes = {
        "a": {"use": "work"},
        "m": {
            "use": "map",
            "over": "${[a, a]}",
            "nodes": {"s": {"use": "set", "with": {"value": "${item}"}}},
            "output": "${s}",
        },
        "w": {"use": "wait", "with": {"signal": "go"}},
    }
    driver = Driver({"flow": "odd", "nodes": nodes, "output": ["${a}", "${m}", "${w}"]}).start()

    driver.signal("go", value)
    driver.crash()
    driver.succeed("a", value)

    assert driver.output == [value, [value, value], value]


@pytest.mark.parametrize("value", [[[[[]]]], {"a": {"b": {"c": {}}}}])
def test_deep_values_pass_through_a_run_unchanged(value: Any):
    """R15: as deep as values may be."""
    for _ in range(190):
        value = [value]
    driver = Driver({"flow": "deep", "nodes": {"a": {"use": "work"}}, "output": "${a}"}).start()

    driver.succeed("a", value)
    driver.reload()

    assert driver.output == value


# --- late writers

LATE: dict[str, Any] = {
    "result": lambda at: inputs.Succeeded(at, "a", 1, "late"),
    "failure": lambda at: inputs.Failed(at, "a", 1, "error", "late"),
    "cancel": inputs.Cancel,
    "timeout": lambda at: inputs.TimerDue(at, "run"),
}
RACE = flow_of({"flow": "race", "nodes": {"a": {"use": "work"}}, "output": "${a}", "timeout": "1h"})


@pytest.mark.parametrize("order", list(permutations(LATE)), ids="-".join)
def test_whoever_comes_first_decides_and_nobody_changes_it(order: tuple[str, ...]):
    """R13: result, failure, cancel and timeout in all 24 orders, 20 rounds each: one end, and it stands."""
    for round_ in range(20):
        random = Random(round_)
        driver = Driver(RACE).start()
        driver.now += 3600

        for name in order:
            driver.tell(LATE[name](driver.now))
            if random.random() < 0.3 and driver.state.ended is None:
                driver.crash(clean=True)
        driver.run()
        ends = [fact for fact in driver.facts if fact.type in TERMINAL]
        before = canonical(snapshot(driver.state))

        assert len(ends) == 1
        assert (
            driver.status
            == {"result": "succeeded", "failure": "failed", "cancel": "cancelled", "timeout": "failed"}[order[0]]
        )
        for name in random.sample(order, 4):
            assert decide(driver.state, LATE[name](driver.now + 1)) == []
        assert canonical(snapshot(driver.state)) == before
