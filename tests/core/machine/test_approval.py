"""Approvals: a person's yes or no (SEMANTICS 10, 16, 25)."""

import pytest

from tenuto.testing.driver import Refused

from .drive import WORK, drive, running, timers, work

ASK = {"use": "approval", "with": {"question": "Shall we?", "show": "the plan"}}


@pytest.mark.parametrize(("approved", "port"), [(True, "approved"), (False, "rejected")])
def test_the_answer_fires_its_port_and_says_who_when_and_why(approved: bool, port: str):
    """Approved, rejected (output `{by, at, comment, form}`)."""
    driver = drive({"ok": ASK})

    driver.signal("ok", {"approved": approved, "comment": "well", "form": {"n": 1}}, by="ann")

    view = driver.node("ok")
    assert view.port == port
    assert view.output["by"] == "ann"
    assert (view.output["comment"], view.output["form"]) == ("well", {"n": 1})
    assert view.output["at"] is not None


def test_comment_and_form_are_optional():
    """SEMANTICS 25: body `{approved: bool, comment?, form?}`."""
    driver = drive({"ok": ASK})

    driver.signal("ok", {"approved": True})

    assert driver.node("ok").output["comment"] is None
    assert driver.node("ok").output["form"] is None


def test_a_rejection_is_not_success():
    """SEMANTICS 10: plain `ok` never means `rejected`."""
    driver = drive({"ok": ASK, "go": work(after=["ok"]), "sorry": work(after=["ok.rejected"])})

    driver.signal("ok", {"approved": False})

    assert running(driver) == ["sorry"]


def test_an_approval_that_nobody_answers_times_out():
    """SEMANTICS 16: the port `timeout` outputs null."""
    driver = drive({"ok": {**ASK, "timeout": "1h"}, "sorry": work(after=["ok.timeout"])})
    assert timers(driver) == {"ok": 3600}

    driver.advance(3600)

    assert driver.node("ok").output is None
    assert running(driver) == ["sorry"]


def test_without_a_timeout_it_waits_for_ever():
    """An approval is waited for; the run is `waiting`, not `running`."""
    driver = drive({"ok": ASK})

    driver.advance(10**8)

    assert driver.status == "waiting"


def test_approvals_in_a_map_are_addressed_by_path():
    """SEMANTICS 25: `search[3].ok`."""
    driver = drive(
        {"m": {"use": "map", "over": "${[1, 2]}", "nodes": {"ok": ASK}, "output": "${port(ok)}"}}, output="${m}"
    )

    driver.signal("m[1].ok", {"approved": True})
    assert driver.node("m[0].ok").status == "waiting"
    driver.signal("m[0].ok", {"approved": False})

    assert driver.output == ["rejected", "approved"]


def test_a_second_answer_is_refused():
    """SEMANTICS 25: a second answer is 409."""
    driver = drive({"ok": ASK, "a": WORK})
    driver.signal("ok", {"approved": True})

    with pytest.raises(Refused) as refused:
        driver.signal("ok", {"approved": False})

    assert refused.value.code == "answered"
    assert driver.node("ok").port == "approved"


def test_an_answer_to_an_approval_that_timed_out_is_refused():
    """SEMANTICS 25: it has been settled."""
    driver = drive({"ok": {**ASK, "timeout": "1h"}, "a": WORK})
    driver.advance(3600)

    with pytest.raises(Refused) as refused:
        driver.signal("ok", {"approved": True})

    assert refused.value.code == "answered"


def test_an_answer_to_an_item_that_ended_is_refused():
    """SEMANTICS 25: its scope has left memory; a second answer is 409 all the same."""
    driver = drive({"m": {"use": "map", "over": "${[1, 2]}", "nodes": {"ok": ASK}}})
    driver.signal("m[0].ok", {"approved": True})

    with pytest.raises(Refused) as refused:
        driver.signal("m[0].ok", {"approved": True})

    assert refused.value.code == "answered"


def test_an_answer_with_the_same_key_is_the_same_answer():
    """SEMANTICS 25: `Idempotency-Key` is honoured."""
    driver = drive({"ok": ASK, "a": WORK})
    driver.signal("ok", {"approved": True}, key="k")

    driver.signal("ok", {"approved": True}, key="k")

    assert driver.node("ok").port == "approved"


@pytest.mark.parametrize("body", [None, {}, {"approved": "yes"}, True, [], {"approved": 1}])
def test_an_answer_that_is_none_is_refused(body: object):
    """SEMANTICS 25: body `{approved: bool, …}`; the approval goes on waiting."""
    driver = drive({"ok": ASK})

    with pytest.raises(Refused) as refused:
        driver.signal("ok", body)

    assert refused.value.code == "invalid"
    assert driver.node("ok").status == "waiting"


def test_an_answer_that_comes_early_is_kept():
    """SEMANTICS 25: one that arrives early is kept."""
    driver = drive({"a": WORK, "ok": {**ASK, "after": ["a"]}})
    driver.signal("ok", {"approved": True})

    driver.succeed("a")

    assert driver.node("ok").port == "approved"


def test_what_is_shown_is_bound_when_it_is_due():
    """SEMANTICS 4: `show` may hold an expression; it is recorded with the outcome."""
    ask = {"use": "approval", "with": {"question": "Run ${a}?", "show": "${a}"}}
    driver = drive({"a": WORK, "ok": ask})
    driver.succeed("a", "plan")

    driver.signal("ok", {"approved": True})

    assert driver.facts[-2].input == {"question": "Run plan?", "show": "plan"}  # type: ignore[union-attr]
