"""What the journal of a run says, and how a run stands (SEMANTICS 26, 28, 29, 33, 36)."""

from dataclasses import fields

import pytest

from tenuto.core import inputs
from tenuto.core.events import SEMANTICS, NodeSucceeded, RunQueued, RunStarted
from tenuto.core.machine import NODE, RUN, about_of, diagram
from tenuto.core.machine.table import SETTLED
from tenuto.testing.driver import Driver

from .drive import WORK, drive, given, running, types_of, work

ONE = {"flow": "one", "input": {"n": "integer"}, "nodes": {"a": WORK}}


class TestFacts:
    def test_the_start_says_all_that_was_given(self):
        """SEMANTICS 28: document hash, input, named vars, the number of the semantics."""
        driver = Driver(ONE, input={"n": 1}, vars={"REGION": "eu"}, tenant="acme", stage="prod", trigger={"body": 1})

        driver.start()

        fact = driver.facts[0]
        assert isinstance(fact, RunStarted)
        assert (fact.document, fact.input, fact.vars, fact.semantics) == (
            driver.flow.hash,
            {"n": 1},
            {"REGION": "eu"},
            SEMANTICS,
        )
        assert (fact.tenant, fact.stage, fact.trigger) == ("acme", "prod", {"body": 1})

    def test_a_run_can_be_told_from_its_first_fact(self):
        """SEMANTICS 30: a replay needs the flow and the facts, nothing else."""
        driver = Driver(ONE, input={"n": 1}, vars={"REGION": "eu"}, trigger={"body": 1}, key_base="run-0").start()

        assert about_of(driver.facts[0]) == driver.about  # type: ignore[arg-type]

    def test_an_outcome_carries_port_output_attempt_start_and_bound_input(self):
        """SEMANTICS 28: one fact a node."""
        driver = drive({"a": work(**{"with": {"value": "${1 + 1}"}})})

        driver.succeed("a", "out", usage={"usd": 0.5})

        fact = driver.facts[1]
        assert isinstance(fact, NodeSucceeded)
        assert (fact.port, fact.output, fact.attempt, fact.input) == ("done", "out", 1, {"value": 2})
        assert (fact.started_at, fact.usage) == (driver.now, {"usd": 0.5})

    def test_facts_carry_the_time_that_the_host_told(self):
        """The heart never asks for it."""
        driver = drive({"a": WORK})
        driver.now += 17

        driver.succeed("a")

        assert {fact.at for fact in driver.facts[1:]} == {driver.now}

    def test_decide_has_folded_what_it_gives(self):
        """SEMANTICS 29: the state counts its facts."""
        driver = drive({"a": WORK, "b": work(after=["a"])})

        driver.succeed("a")

        assert driver.state.seq == len(driver.facts)

    def test_a_late_or_meaningless_word_gives_no_facts(self):
        """An input that no longer applies is passed over."""
        driver = drive({"a": WORK})
        words = [
            inputs.Start(driver.now),
            inputs.Queue(driver.now),
            inputs.Succeeded(driver.now, "nobody", 1, 1),
            inputs.Succeeded(driver.now, "a", 2, 1),
            inputs.TimerDue(driver.now, "a"),
            inputs.Wake(driver.now),
            inputs.ChildEnded(driver.now, "a", "run-9", "succeeded"),
        ]

        assert [driver.tell(word) for word in words] == [[]] * len(words)


class TestStatuses:
    def test_these_are_the_statuses_of_nodes_and_runs(self):
        """SEMANTICS 36."""
        assert set(NODE) == {
            "pending",
            "running",
            "retrying",
            "waiting",
            "unknown",
            "succeeded",
            "failed",
            "skipped",
            "reused",
            "cancelled",
        }
        assert set(RUN) - {"new"} == {"queued", "running", "waiting", "succeeded", "failed", "cancelled"}

    def test_what_has_settled_never_changes(self):
        """SEMANTICS 27: a settled row of the table is empty."""
        assert {"succeeded", "failed", "skipped", "reused", "cancelled"} == SETTLED

    @pytest.mark.parametrize("table", [NODE, RUN])
    def test_the_table_leads_only_to_its_own_rows(self, table):
        """Table-driven."""
        assert {target for row in table.values() for target in row.values()} <= set(table)

    def test_the_diagram_has_every_status_and_every_cause(self):
        """The docs' state diagram is drawn from the table."""
        drawn = diagram(NODE)

        assert all(f" --> {target}: " in drawn for row in NODE.values() for target in row.values())
        assert all(cause in drawn for row in NODE.values() for cause in row)
        assert "succeeded --> [*]" in drawn

    def test_a_run_is_running_while_something_is_in_flight_and_waiting_otherwise(self):
        """SEMANTICS 36."""
        driver = drive({"a": WORK, "w": {"use": "wait", "with": {"signal": "go"}}})
        assert driver.status == "running"

        driver.succeed("a")
        assert driver.status == "waiting"
        driver.signal("go")

        assert driver.status == "succeeded"


class TestQueue:
    def test_a_queued_run_does_nothing(self):
        """SEMANTICS 33: it waits for admission, which is the host's."""
        driver = Driver(ONE, input={"n": 1}).queue()

        assert (driver.status, driver.due) == ("queued", [])
        assert isinstance(driver.facts[0], RunQueued)

    def test_it_begins_when_it_is_admitted(self):
        """SEMANTICS 33: with what it was given when it was queued."""
        driver = Driver(ONE, input={"n": 1}).queue()

        driver.start()

        assert types_of(driver) == ["run.queued", "run.started"]
        assert running(driver) == ["a"]

    def test_it_survives_a_crash(self):
        """P1: durable on ack."""
        driver = Driver(ONE, input={"n": 1}).queue()

        driver.crash()
        assert driver.status == "queued"
        driver.start()

        assert running(driver) == ["a"]

    def test_queued_and_started_say_the_same_but_for_what_began(self):
        """SEMANTICS 28: a run can be rebuilt from either."""
        assert {field.name for field in fields(RunQueued)} <= {field.name for field in fields(RunStarted)}


class TestNames:
    def test_expressions_see_the_run(self):
        """`run.id|name|tenant|stage|started_at`."""
        value = {"value": "${[run.id, run.name, run.tenant, run.stage]}", "at": "${run.started_at}"}

        driver = drive({"a": work(**{"with": value})}, stage="prod")

        assert given(driver, "a")["value"] == ["run-1", "test-run", "default", "prod"]
        assert given(driver, "a")["at"] == "2023-11-14T22:13:20Z"

    def test_expressions_see_variables_and_the_trigger(self):
        """`vars.NAME`, `trigger.…`."""
        value = {"value": "${[vars.REGION, trigger.body.x]}"}
        document = {"flow": "f", "nodes": {"a": work(**{"with": value})}}

        driver = Driver(document, vars={"REGION": "eu"}, trigger={"body": {"x": 5}}).start()

        assert given(driver, "a") == {"value": ["eu", 5]}
