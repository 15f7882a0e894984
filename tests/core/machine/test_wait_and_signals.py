"""Waiting for time and for signals (SEMANTICS 16, 25)."""

import pytest

from tenuto.core.events import NodeSucceeded, SignalReceived
from tenuto.core.inputs import TimerDue
from tenuto.testing.driver import MORNING, Refused

from .drive import WORK, drive, running, timers, types_of, work


def waiting_for(signal: str, **keys: object) -> dict[str, object]:
    return {"use": "wait", "with": {"signal": signal}, **keys}


class TestTime:
    def test_a_wait_ends_when_its_time_has_passed(self):
        """`for: 10m`; costs nothing meanwhile."""
        driver = drive({"w": {"use": "wait", "with": {"for": "10m"}}, "then": work(after=["w"])})
        assert driver.status == "waiting"
        assert timers(driver) == {"w": 600}

        driver.advance(599.9)
        assert driver.status == "waiting"
        driver.advance(0.1)

        assert driver.node("w").port == "done"
        assert running(driver) == ["then"]

    def test_a_wait_until_a_moment(self):
        """`until: <time>`, an RFC 3339 moment."""
        # MORNING is 2023-11-14T22:13:20Z.
        driver = drive({"w": {"use": "wait", "with": {"until": "2023-11-14T22:14:20Z"}}})

        assert timers(driver) == {"w": 60}

    def test_a_moment_that_has_passed_is_due_at_once(self):
        """P7: never early, and not late either."""
        driver = drive({"w": {"use": "wait", "with": {"until": "2020-01-01T00:00:00+01:00"}}})

        driver.advance(0)

        assert driver.status == "succeeded"

    def test_a_host_that_tells_of_a_timer_too_early_is_not_believed(self):
        """P7: by the recorded time; a clock may have been put back meanwhile."""
        driver = drive({"w": {"use": "wait", "with": {"for": "10s"}}})

        assert driver.tell(TimerDue(driver.now + 9.9, "w")) == []
        assert driver.status == "waiting"

    @pytest.mark.parametrize("until", ["tomorrow", None, [], "2023-11-14"])
    def test_what_is_no_moment_fails_the_wait(self, until: object):
        """The heart never raises; the node fails and says why."""
        driver = drive({"a": WORK, "w": {"use": "wait", "with": {"until": "${a}"}}})

        driver.succeed("a", until)

        assert driver.status == "failed"
        assert driver.error is not None
        assert driver.error["node"] == "w"

    def test_a_timer_is_recorded_with_its_due_time(self):
        """SEMANTICS 28: `timer.set`, then `timer.fired`; a crash changes neither."""
        driver = drive({"w": {"use": "wait", "with": {"for": "10s"}}})
        driver.advance(3)

        driver.crash()
        assert timers(driver) == {"w": 7}
        driver.advance(7)

        assert driver.status == "succeeded"
        assert "timer.set" in types_of(driver)
        assert "timer.fired" in types_of(driver)

    def test_an_overdue_timer_fires_after_a_crash(self):
        """P7: after a restart overdue ones fire."""
        driver = drive({"w": {"use": "wait", "with": {"for": "10s"}}})
        driver.now += 100

        driver.crash()
        driver.advance(0)

        assert driver.status == "succeeded"


class TestSignals:
    def test_a_signal_ends_a_wait_with_its_payload(self):
        """Done (a signal's payload)."""
        driver = drive({"w": waiting_for("go")}, output="${w}")
        assert driver.status == "waiting"

        driver.signal("go", {"a": 1})

        assert driver.output == {"a": 1}

    def test_the_port_timeout_outputs_null(self):
        """SEMANTICS 16: `timeout` is not a failure, and plain `w` does not mean it."""
        driver = drive(
            {"w": waiting_for("go", timeout="1m"), "late": work(after=["w.timeout"]), "ok": work(after=["w"])}
        )

        driver.advance(60)

        assert (driver.node("w").port, driver.node("w").output) == ("timeout", None)
        assert running(driver) == ["late"]
        assert driver.node("ok").status == "skipped"

    def test_a_signal_in_time_stops_the_timer(self):
        """SEMANTICS 25: one outcome."""
        driver = drive({"w": waiting_for("go", timeout="1m"), "x": WORK})

        driver.signal("go")
        driver.advance(120)

        assert driver.node("w").port == "done"
        assert timers(driver) == {}

    def test_a_signal_that_arrives_early_is_kept(self):
        """SEMANTICS 25: it satisfies the wait when that comes."""
        driver = drive({"a": WORK, "w": waiting_for("go", after=["a"])}, output="${w}")

        driver.signal("go", "early")
        driver.succeed("a")

        assert driver.output == "early"

    def test_each_signal_satisfies_one_wait_the_oldest_first(self):
        """SEMANTICS 25: in order of arrival."""
        nodes = {"a": waiting_for("go"), "b": waiting_for("go", after=["a"]), "c": waiting_for("go", after=["b"])}
        driver = drive(nodes, output=["${a}", "${b}", "${c}"])

        for payload in (1, 2, 3):
            driver.signal("go", payload)

        assert driver.output == [1, 2, 3]

    def test_of_several_that_wait_the_one_that_waited_longest_is_served(self):
        """SEMANTICS 25: a signal is one wait's, the oldest first."""
        driver = drive({"x": WORK, "b": waiting_for("go", after=["x"]), "a": waiting_for("go")})
        driver.succeed("x")

        driver.signal("go", "first")

        assert driver.node("a").output == "first"
        assert driver.node("b").status == "waiting"

    def test_a_wait_that_timed_out_takes_no_signal(self):
        """SEMANTICS 25: the signal is kept for the next."""
        nodes = {"a": waiting_for("go", timeout="10s"), "b": waiting_for("go", after=["a?"])}
        driver = drive(nodes, output="${b}")
        driver.advance(10)

        driver.signal("go", 7)

        assert driver.output == 7

    def test_names_do_not_mix(self):
        """SEMANTICS 25: kept per name."""
        driver = drive({"w": waiting_for("go")})

        driver.signal("stop")

        assert driver.status == "waiting"

    def test_the_name_may_be_an_expression(self):
        """SEMANTICS 4: allowed in `with`."""
        driver = drive({"w": waiting_for("order-${input.id}")}, input={"id": "integer"}, given={"id": 7})

        driver.signal("order-7")

        assert driver.status == "succeeded"

    def test_at_most_a_thousand_are_kept(self):
        """SEMANTICS 25: more than 1,000 that nobody asked for are refused."""
        driver = drive({"a": WORK})
        for number in range(1000):
            driver.signal("go", number)

        with pytest.raises(Refused) as refused:
            driver.signal("go", "too many")

        assert refused.value.code == "full"

    def test_the_thousand_are_counted_per_name_and_free_up(self):
        """SEMANTICS 25: another name has room, and so has this one when a signal was taken."""
        driver = drive({"a": WORK, "w": waiting_for("go", after=["a"]), "b": work(after=["w"])})
        for number in range(1000):
            driver.signal("go", number)

        driver.signal("other")
        driver.succeed("a")
        driver.signal("go", "room again")

        assert driver.node("w").output == 0

    def test_an_idempotency_key_is_honoured(self):
        """SEMANTICS 25: the same key twice is one signal."""
        driver = drive({"a": waiting_for("go"), "b": waiting_for("go", after=["a"])})

        driver.signal("go", 1, key="k1")
        driver.signal("go", 1, key="k1")
        assert driver.node("b").status == "waiting"
        driver.signal("go", 2, key="k2")

        assert driver.status == "succeeded"

    def test_an_idempotency_key_is_remembered_over_a_crash(self):
        """SEMANTICS 25, P1: what was acknowledged is not taken anew."""
        driver = drive({"a": waiting_for("go"), "b": waiting_for("go", after=["a"])})
        driver.signal("go", 1, key="k1")

        driver.crash()
        driver.signal("go", 1, key="k1")

        assert driver.node("b").status == "waiting"

    def test_an_ended_run_answers_that_it_has_ended(self):
        """SEMANTICS 25: 409."""
        driver = drive({"a": {"use": "set", "with": {"value": 1}}})

        with pytest.raises(Refused) as refused:
            driver.signal("go")

        assert refused.value.code == "ended"

    def test_the_result_says_which_signal_it_took(self):
        """SEMANTICS 30: so that a replay takes the same one."""
        driver = drive({"w": waiting_for("go")})

        driver.signal("go", 1, by="ann")

        seq = next(seq for seq, fact in enumerate(driver.facts, 1) if isinstance(fact, SignalReceived))
        took = next(fact for fact in driver.facts if isinstance(fact, NodeSucceeded))
        assert took.signal == seq

    def test_signals_survive_a_crash(self):
        """P1: durable on ack."""
        driver = drive({"a": WORK, "w": waiting_for("go", after=["a"])}, output="${w}")
        driver.signal("go", "early")

        driver.crash()
        driver.succeed("a")

        assert driver.output == "early"

    def test_a_signal_before_the_run_is_admitted_is_kept(self):
        """SEMANTICS 25, 33: a queued run has an inbox too."""
        from tenuto.testing.driver import Driver

        driver = Driver({"flow": "f", "nodes": {"w": waiting_for("go")}}).queue()
        assert driver.status == "queued"

        driver.signal("go")
        driver.start()

        assert driver.status == "succeeded"


def test_morning_is_what_the_tests_above_think():
    assert MORNING == 1_700_000_000
