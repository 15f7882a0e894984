"""The heart against its model, step by step as Hypothesis chooses (R26): start, answer, signal, approve, decide, cancel, crash, time, retry."""

from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tenuto.core import inputs
from tenuto.core.commands import CancelNode, RunNode, SetTimer, StartChild
from tenuto.core.machine import origin_of
from tenuto.testing.invariants import check, numbered

from .flows import SIGNALS, drawn, seeds
from .simulation import OUTPUTS, Simulation


def going(machine: "Heart") -> bool:
    return not machine.simulation.over


class Heart(RuleBasedStateMachine):
    """`Simulation` tells the heart and the model the same words and compares them; the rules choose the words."""

    simulation: Simulation

    @initialize(seed=seeds)
    def start(self, seed: int) -> None:
        random = Random(seed)
        _, flow = drawn(random)
        self.random = random
        self.simulation = Simulation(flow, random)
        self.simulation.say(inputs.Start(self.simulation.driver.now))

    @precondition(going)
    @rule(choice=st.integers(0, 30))
    def answer(self, choice: int) -> None:
        due = [each for each in self.simulation.driver.due if isinstance(each, RunNode | StartChild | CancelNode)]
        if due:
            self.simulation.answer(due[choice % len(due)])

    @precondition(going)
    @rule(seconds=st.sampled_from([0.5, 5, 30, 4000]))
    def time_passes(self, seconds: float) -> None:
        driver = self.simulation.driver
        end = driver.now + seconds
        while timers := [each for each in driver.due if isinstance(each, SetTimer) and each.due <= end]:
            self.simulation.fire(min(timers, key=lambda timer: timer.due))
        driver.now = max(end, driver.now)

    @precondition(going)
    @rule()
    def somebody_answers(self) -> None:
        self.simulation.signal_somebody()

    @precondition(going)
    @rule(name=st.sampled_from(SIGNALS), payload=st.sampled_from(OUTPUTS))
    def signal(self, name: str, payload: object) -> None:
        self.simulation.signal(name, payload)

    @precondition(going)
    @rule()
    def cancel(self) -> None:
        self.simulation.say(inputs.Cancel(self.simulation.driver.now))

    @precondition(going)
    @rule()
    def crash(self) -> None:
        self.simulation.crash()

    @precondition(going)
    @rule()
    def leave_memory_and_come_back(self) -> None:
        self.simulation.reload()

    @precondition(going)
    @rule()
    def go_on_from_a_snapshot(self) -> None:
        self.simulation.from_snapshot()

    @precondition(going)
    @rule()
    def repeat_something(self) -> None:
        self.simulation.duplicate()

    @precondition(lambda self: not going(self))
    @rule(keep_steps=st.booleans())
    def retry(self, keep_steps: bool) -> None:
        """A new run of what ended, which reuses what it may."""
        first = self.simulation
        origin = origin_of(first.flow, first.driver.facts, run="run-1", keep_steps=keep_steps)
        self.simulation = Simulation(first.flow, self.random, origin)
        self.simulation.say(inputs.Start(self.simulation.driver.now))

    @invariant()
    def nothing_is_broken(self) -> None:
        driver = self.simulation.driver
        run = driver.about.run
        assert check({run: numbered(driver.facts)}, flows={run: driver.flow}) == []

    def teardown(self) -> None:
        if hasattr(self, "simulation") and going(self):
            self.simulation.calm_down().run_on()


Heart.TestCase.settings = settings(
    max_examples=80,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
)
TestHeart = Heart.TestCase


@pytest.mark.nightly
class TestHeartAtNight(Heart.TestCase):
    """R26: 20,000 examples."""

    settings = settings(
        max_examples=20_000,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
    )
