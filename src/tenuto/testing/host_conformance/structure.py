"""What nodes become of, and in what order: references, branches, bodies, the end of a flow."""

from tenuto.testing.host_conformance.play import Case, Play, echo

_SLEEPY = {"use": "test.sleep", "with": {"seconds": 30}}


async def _finally_ran(play: Play) -> None:
    (last,) = [fact for fact in await play.of("node.succeeded") if fact.path.endswith("clean")]
    assert last.output == "after failed"


CASES: tuple[Case, ...] = (
    Case(
        "hello",
        {
            "input": {"name": "string", "mark": {"type": "string", "default": "!"}},
            "nodes": {"greet": echo("Hello ${input.name}${input.mark}")},
            "output": "${greet}",
        },
        output="Hello Ada!",
        given={"name": "Ada"},
    ),
    Case(
        "branch",
        {
            "nodes": {
                "go": {"use": "test.branch", "with": {"go": "right"}},
                "left": echo(1, after=["go.left"]),
                "right": echo("${go}", after=["go.right"]),
            },
            "output": "${left ?? right}",
        },
        output="RIGHT",
    ),
    Case(
        "structure",
        {
            "nodes": {
                "a": {"use": "set", "with": {"value": 3}},
                "big": {"use": "if", "with": {"condition": "${a > 2}"}},
                "yes": echo("big", after=["big.true"]),
                "no": echo("small", after=["big.false"]),
                "which": {"use": "switch", "with": {"value": "${yes ?? no}", "cases": ["big", "small"]}},
                "end": echo("${port(which)}", after=["which"]),
            },
            "output": "${end}",
        },
        output="big",
    ),
    Case(
        "map",
        {
            "nodes": {
                "all": {
                    "use": "map",
                    "over": "${[3, 1, 2]}",
                    "as": "n",
                    "concurrency": 2,
                    "nodes": {
                        "wait": {"use": "test.sleep", "with": {"seconds": "${n * 0.01}", "value": "${n * 10}"}},
                    },
                    "output": "${wait + index}",
                }
            },
            "output": "${all}",
        },
        output=[30, 11, 22],
    ),
    Case(
        "map-collects-failures",
        {
            "nodes": {
                "all": {
                    "use": "map",
                    "over": "${[0, 1, 2]}",
                    "on_error": "collect",
                    "nodes": {"half": echo("${6 / item}")},
                    "output": "${half}",
                }
            },
            "output": {"items": "${all.items}", "bad": "${all.errors.map(e, e.index)}"},
        },
        output={"items": [None, 6, 3], "bad": [0]},
    ),
    Case(
        "loop",
        {
            "nodes": {
                "grow": {
                    "use": "loop",
                    "carry": 1,
                    "max": 10,
                    "until": "${turn.value >= 16}",
                    "nodes": {"double": echo("${turn.value * 2}")},
                    "output": "${double}",
                }
            },
            "output": "${grow}",
        },
        output=16,
    ),
    Case(
        "finish",
        {
            "nodes": {
                "a": echo(7),
                "slow": _SLEEPY,
                "end": {"use": "finish", "with": {"output": "${a}"}},
            },
            "output": "${slow}",
        },
        output=7,
    ),
    Case(
        "finally",
        {
            "nodes": {"a": {"use": "test.fail"}},
            "finally": {"nodes": {"clean": echo("after ${run.status}")}},
        },
        status="failed",
        error="refused",
        then=_finally_ran,
    ),
)
