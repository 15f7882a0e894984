"""Failures and further attempts (SEMANTICS 8, 17, 20, 21, 22)."""

from typing import Any

import pytest

from tenuto.core.events import NodeRetrying

from .drive import WORK, drive, given, running, stopping, timers, work

RETRY = {"attempts": 3, "delay": "1s", "backoff": 2, "max_delay": "30s"}


class TestFailures:
    def test_an_unhandled_failure_fails_the_run_and_names_the_node(self):
        """SEMANTICS 14: the run's error is the node's."""
        driver = drive({"a": WORK, "b": work(after=["a"])})

        driver.fail("a", "broken", "broke")

        assert driver.status == "failed"
        assert driver.error == {"type": "broken", "message": "broke", "node": "a", "attempts": 1}
        assert driver.node("b").status == "cancelled"

    def test_what_runs_is_stopped_and_waited_for(self):
        """SEMANTICS 26: an ended flow waits for the answers of what it stopped."""
        driver = drive({"a": WORK, "b": WORK})

        driver.fail("a")
        assert stopping(driver) == ["b"]
        assert driver.status == "running"
        driver.run()

        assert driver.node("b").status == "cancelled"
        assert driver.status == "failed"

    def test_a_result_that_comes_while_the_flow_ends_is_recorded_and_starts_nothing(self):
        """SEMANTICS 26: the outcome of a stopped node may be a success."""
        driver = drive({"a": WORK, "b": WORK, "c": work(after=["b"])})
        driver.fail("a")

        driver.succeed("b", 1)

        assert driver.node("b").status == "succeeded"
        assert driver.node("c").status == "cancelled"
        assert driver.status == "failed"

    def test_somebody_who_waits_for_the_error_handles_it(self):
        """SEMANTICS 8: then the run goes on."""
        driver = drive({"a": WORK, "b": work(after=["a.error"]), "c": work(after=["a"])}, output="${a ?? 'sorry'}")

        driver.fail("a")
        assert running(driver) == ["b"]
        assert driver.node("a").status == "failed"
        assert driver.node("a").port == "error"
        driver.succeed("b")

        assert (driver.status, driver.output) == ("succeeded", "sorry")
        assert driver.node("c").status == "skipped"

    def test_the_error_port_does_not_fire_on_success(self):
        """SEMANTICS 8: `NODE.error` exists only after that node failed."""
        driver = drive({"a": WORK, "b": work(after=["a.error"])})

        driver.succeed("a")

        assert driver.node("b").status == "skipped"
        assert driver.status == "succeeded"

    def test_an_input_that_cannot_be_bound_fails_the_node(self):
        """SEMANTICS 7: an error in `with` is a failure of type `expression`, and its message says where."""
        driver = drive({"a": WORK, "b": work(retry=RETRY, **{"with": {"value": "${a.missing}"}})})

        driver.succeed("a", {"there": 1})

        assert driver.error is not None
        assert driver.error["type"] == "expression"
        assert driver.error["node"] == "b"
        assert "missing" in driver.error["message"]

    def test_the_first_failure_is_the_runs(self):
        """SEMANTICS 19: the first recorded wins."""
        driver = drive({"a": WORK, "b": WORK})

        driver.fail("a", "first")
        driver.fail("b", "second")

        assert driver.error is not None
        assert driver.error["type"] == "first"


class TestRetry:
    def test_attempts_is_the_total(self):
        """SEMANTICS 20: three attempts, not three more."""
        driver = drive({"a": work(retry=RETRY)})

        for attempt in (1, 2):
            driver.fail("a", "error", f"attempt {attempt}")
            assert driver.node("a").status == "retrying"
            assert running(driver) == []
            driver.advance(60)
        driver.fail("a", "error", "attempt 3")

        assert driver.status == "failed"
        assert driver.error == {"type": "error", "message": "attempt 3", "node": "a", "attempts": 3}

    def test_the_delay_grows_by_backoff_up_to_its_limit(self):
        """SEMANTICS 20: delay, times backoff each time, at most max_delay; without the host's die, exactly."""
        driver = drive({"a": work(retry={"attempts": 5, "delay": "2s", "backoff": 3, "max_delay": "10s"})})
        waits: list[float] = []

        for _ in range(4):
            driver.fail("a", jitter=0.0)
            waits.append(timers(driver)["a"])
            driver.advance(waits[-1])

        assert waits == [2, 6, 10, 10]

    def test_the_hosts_die_never_makes_an_attempt_later_than_the_limit_nor_due_at_once(self):
        """SEMANTICS 20: jitter spreads attempts; a host feeds it, so that a run replays alike."""
        for jitter in (0.0, 0.3, 0.999):
            driver = drive({"a": work(retry={"attempts": 2, "delay": "10s"})})
            driver.fail("a", jitter=jitter)

            assert 5 <= timers(driver)["a"] <= 15

    def test_an_attempt_is_never_early(self):
        """P7: a timer that is told before it is due changes nothing."""
        driver = drive({"a": work(retry=RETRY)})
        driver.fail("a")

        driver.advance(0.5)
        assert driver.node("a").status == "retrying"
        driver.advance(0.5)

        assert running(driver) == ["a"]
        assert driver.command("a").attempt == 2  # type: ignore[union-attr]

    def test_retry_after_is_honoured(self):
        """SEMANTICS 20: what the other side asks for is the least."""
        driver = drive({"a": work(retry=RETRY)})

        driver.fail("a", retry_after=300)

        assert timers(driver)["a"] >= 300

    @pytest.mark.parametrize("kind", ["input", "expression", "permission"])
    def test_some_errors_are_never_retried(self, kind: str):
        """SEMANTICS 20: input, expression and permission errors are never retried."""
        driver = drive({"a": work(retry=RETRY)})

        driver.fail("a", kind)

        assert driver.status == "failed"

    def test_on_narrows_what_is_retried(self):
        """SEMANTICS 20: `retry.on: [types]` narrows."""
        retry = {"attempts": 3, "on": ["rate_limit", "timeout"]}

        assert _after_failure(retry, "timeout") == "retrying"
        assert _after_failure(retry, "other") == "failed"

    def test_a_node_may_say_that_it_is_of_no_use(self):
        """SEMANTICS 20: `NodeError(retry=False)` ends it."""
        driver = drive({"a": work(retry=RETRY)})

        driver.fail("a", retry=False)

        assert driver.status == "failed"

    def test_without_retry_there_is_one_attempt(self):
        """SEMANTICS 20: nothing is repeated unless it is asked for."""
        driver = drive({"a": WORK})

        driver.fail("a")

        assert driver.status == "failed"

    def test_the_input_is_the_same_on_every_attempt(self):
        """SEMANTICS 4, 23: evaluated once; the same idempotency key on every attempt."""
        driver = drive({"a": WORK, "b": work(retry=RETRY, **{"with": {"value": "${a}"}})})
        driver.succeed("a", 1)
        first = driver.command("b")

        driver.fail("b")
        driver.advance(10)
        second = driver.command("b")

        assert first.input == second.input == {"value": 1}  # type: ignore[union-attr]
        assert first.key == second.key == "run-1/b"  # type: ignore[union-attr]

    def test_a_result_of_an_older_attempt_is_dropped(self):
        """SEMANTICS 27: only the attempt that runs can answer."""
        from tenuto.core.inputs import Succeeded

        driver = drive({"a": work(retry=RETRY)})
        driver.fail("a")
        driver.advance(10)

        assert driver.tell(Succeeded(driver.now, "a", 1, "late")) == []
        assert running(driver) == ["a"]

    def test_the_fact_names_the_attempt_that_failed(self):
        """SEMANTICS 28: `node.retrying{attempt, due}`."""
        driver = drive({"a": work(retry=RETRY)})

        driver.fail("a", "error", "broke", jitter=0.0)

        fact = driver.facts[-1]
        assert isinstance(fact, NodeRetrying)
        assert (fact.attempt, fact.due, fact.error["message"]) == (1, driver.now + 1, "broke")

    def test_a_success_after_a_failure_is_a_success(self):
        """SEMANTICS 20: the attempts are counted in the outcome."""
        driver = drive({"a": work(retry=RETRY)}, output="${a}")
        driver.fail("a")
        driver.advance(10)

        driver.succeed("a", "well")

        assert (driver.status, driver.output) == ("succeeded", "well")
        assert driver.node("a").attempts == 2

    def test_the_error_port_fires_only_when_no_attempt_is_left(self):
        """SEMANTICS 20: while another attempt is to come the node has not failed."""
        driver = drive({"a": work(retry={"attempts": 2}), "b": work(after=["a.error"])})

        driver.fail("a")
        assert driver.node("b").status == "pending"
        driver.advance(60)
        driver.fail("a")

        assert running(driver) == ["b"]

    def test_a_crash_while_waiting_keeps_the_due_time(self):
        """P7: by the recorded time, not anew from the crash."""
        driver = drive({"a": work(retry={"attempts": 2, "delay": "10s"})})
        driver.fail("a", jitter=0.0)
        before = timers(driver)["a"]
        driver.advance(4)

        driver.crash()

        assert timers(driver)["a"] == pytest.approx(before - 4)


def _after_failure(retry: dict[str, Any], kind: str) -> str:
    driver = drive({"a": work(retry=retry)})
    driver.fail("a", kind)
    return driver.node("a").status


def test_bound_secrets_are_names():
    """SEMANTICS 28, 43: the heart never sees a secret; the recorded input names it."""
    from tenuto.core.values import Secret

    driver = drive({"a": work(**{"with": {"value": "${secrets.TOKEN}"}})})
    assert given(driver, "a") == {"value": Secret("TOKEN")}

    driver.succeed("a")
    driver.crash()

    assert driver.facts[1].input == {"value": {"$secret": "TOKEN"}}  # type: ignore[union-attr]


def test_a_secret_is_bound_again_after_a_crash():
    """SEMANTICS 30, 43: the journal has its name alone, and the next attempt needs the value."""
    from tenuto.core.values import Secret

    driver = drive({"a": work(retry={"attempts": 2}, **{"with": {"value": "${secrets.TOKEN}"}})})
    driver.fail("a")

    driver.crash()
    driver.advance(60)

    assert given(driver, "a") == {"value": Secret("TOKEN")}
