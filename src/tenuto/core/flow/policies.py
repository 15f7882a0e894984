"""What a flow says of its runs as a whole: timeout, concurrency, budget; and `finally`'s own timeout."""

from tenuto.core.flow.findings import mapping, what
from tenuto.core.flow.model import Budget, Concurrency
from tenuto.core.flow.parts import Part

MAX_LIMIT = 1_000_000
FULL = ("queue", "reject", "cancel_oldest")


def read_concurrency(part: Part) -> Concurrency | None:
    inner = _inner(part, "concurrency", "write `concurrency: {limit: 1}`")
    if inner is None:
        return None
    inner.only(("key", "limit", "when_full"), "`concurrency`")
    inner.need(("limit",), "`concurrency`")
    when_full = inner.one_of("when_full", FULL, "queue")
    limit = inner.whole("limit", 1, 1, MAX_LIMIT)
    return Concurrency(limit, inner.value("key"), when_full)  # type: ignore[arg-type]  # one of FULL


def read_budget(part: Part) -> Budget | None:
    inner = _inner(part, "budget", "write `budget: {usd: 1.50}`")
    if inner is None:
        return None
    inner.only(("usd", "tokens"), "`budget`")
    if not inner.members:
        part.wrong("budget", "wrong_value", "`budget` needs `usd` or `tokens`")
    usd = inner.decimal("usd", 0.0, 0.0, 1e9) if "usd" in inner.members else None
    tokens = inner.whole("tokens", 0, 0, 10**15) if "tokens" in inner.members else None
    return Budget(usd, tokens)


def _inner(part: Part, key: str, hint: str) -> Part | None:
    if key not in part.members:
        return None
    members = mapping(part.members[key])
    if members is None:
        part.wrong(key, "wrong_type", f"`{key}` is {what(part.members[key])}, not an object", hint)
        return None
    return Part(members, part.at(key), part.findings)
