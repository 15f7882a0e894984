"""What fails: retries, error ports, timeouts, what happens to the rest."""

from tenuto.testing.host_conformance.play import Case, Play, echo

_SLEEPY = {"use": "test.sleep", "with": {"seconds": 30}}


async def _retried_once(play: Play) -> None:
    (retrying,) = await play.of("node.retrying", "a")
    (succeeded,) = await play.of("node.succeeded", "a")
    assert (retrying.attempt, succeeded.attempt) == (1, 2)
    assert succeeded.at >= retrying.due


async def _one_failure(play: Play) -> None:
    assert await play.of("node.retrying") == []
    assert len(await play.of("node.failed", "a")) == 1


CASES: tuple[Case, ...] = (
    Case(
        "retry",
        {
            "nodes": {"a": {"use": "test.flaky", "with": {"until": 2}, "retry": {"attempts": 3, "delay": "20ms"}}},
            "output": "${a}",
        },
        output={"attempt": 2, "key": "a"},
        then=_retried_once,
    ),
    Case(
        "input-errors-are-not-retried",
        {"nodes": {"a": {"use": "test.flaky", "with": {"until": "${'x'}"}, "retry": {"attempts": 3}}}},
        status="failed",
        error="input",
        then=_one_failure,
    ),
    Case(
        "error-port",
        {
            "nodes": {
                "a": {"use": "test.fail", "with": {"message": "out of tea"}},
                "b": echo("${a.error.type}: ${a.error.message}"),
            },
            "output": "${b}",
        },
        output="refused: out of tea",
    ),
    Case(
        "an-unhandled-failure-cancels-the-rest",
        {"nodes": {"a": {"use": "test.fail"}, "b": _SLEEPY}},
        status="failed",
        error="refused",
    ),
    Case(
        "timeout",
        {"nodes": {"a": {**_SLEEPY, "timeout": "30ms"}}},
        status="failed",
        error="timeout",
    ),
    Case(
        "a-thread-that-times-out-has-returned-before-the-next-attempt",
        {
            "nodes": {
                "a": {
                    "use": "test.block",
                    "with": {"seconds": 20},
                    "timeout": "30ms",
                    "retry": {"attempts": 2, "delay": "10ms"},
                }
            }
        },
        status="failed",
        error="timeout",
    ),
)
