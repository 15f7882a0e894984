"""What must not happen twice: `once` nodes, and steps."""

from tenuto.testing.host_conformance.play import Case, Play


async def _started_before(play: Play) -> None:
    facts = [(fact.type, getattr(fact, "path", "")) for fact in await play.facts() if fact.type.startswith("node.")]
    assert facts == [("node.started", "a"), ("node.succeeded", "a")]


async def _once_is_not_retried(play: Play) -> None:
    await play.until("waiting")
    (unknown,) = await play.of("node.unknown", "a")
    assert unknown.attempt == 1
    assert await play.refused("a", {"decision": "perhaps"}) == "invalid"
    await play.signal("a", {"decision": "done", "output": "sent by hand"})


async def _steps_kept(play: Play) -> None:
    recorded = await play.of("step.recorded", "a")
    assert [fact.key for fact in recorded] == ["part:1", "part:2", "part:3"]


CASES: tuple[Case, ...] = (
    Case(
        "once",
        {"nodes": {"a": {"use": "test.mail", "with": {"text": "hi"}}}, "output": "${a}"},
        output="sent hi",
        then=_started_before,
    ),
    Case(
        "once-in-doubt-waits-for-a-decision",
        {
            "nodes": {
                "a": {
                    "use": "test.mail",
                    "with": {"text": "hi", "seconds": 20},
                    "timeout": "30ms",
                    "retry": {"attempts": 3},
                }
            },
            "output": "${a}",
        },
        output="sent by hand",
        act=_once_is_not_retried,
    ),
    Case(
        "steps",
        {
            "nodes": {
                "a": {"use": "test.steps", "with": {"fail_at": 2}, "retry": {"attempts": 2, "delay": "10ms"}},
            },
            "output": "${a}",
        },
        output=[{"part": 1, "attempt": 1}, {"part": 2, "attempt": 1}, {"part": 3, "attempt": 2}],
        then=_steps_kept,
    ),
)
