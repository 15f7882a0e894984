"""What can go wrong:

TenutoError
├── Unreachable      no answer came, however often it was asked
└── Problem          the server said no; `.status`, `.code`, `.detail`, `.problems`, `.request_id`
├── Unauthorized · Forbidden · NotFound · Conflict · Invalid
└── RateLimited · Unavailable      asked again as the server said, and still no
"""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx2


class TenutoError(Exception):
    """Everything that this client raises."""


class Unreachable(TenutoError):
    """Nobody can say whether the server did it."""


class Problem(TenutoError):
    """What the server answered, as RFC 9457 has it. `code` is for programs, `detail` for people."""

    def __init__(self, status: int, said: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(said.get("code") or "")
        self.detail = str(said.get("detail") or said.get("title") or f"HTTP {status}")
        self.problems: Sequence[Mapping[str, Any]] = said.get("problems") or ()
        self.request_id = str(said.get("request_id") or "")
        super().__init__(f"{self.detail} ({status} {self.code})".replace(" )", ")"))


class Unauthorized(Problem):
    """No credential, or none that holds (any more)."""


class Forbidden(Problem):
    """The credential lacks a permission."""


class NotFound(Problem):
    """There is none, or it belongs to another tenant."""


class Conflict(Problem):
    """As things stand it cannot be done: ended, answered, taken, or another body under the same key."""


class Invalid(Problem):
    """It does not fit its schema; `problems` says what."""


class RateLimited(Problem):
    """Too many requests."""


class Unavailable(Problem):
    """The server cannot do it now; nothing of it was done."""


_KINDS: Mapping[int, type[Problem]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    429: RateLimited,
    503: Unavailable,
}


def problem_of(answer: httpx2.Response) -> Problem:
    """The answer must have been read."""
    try:
        said = answer.json()
    except ValueError:
        said = None
    kind = _KINDS.get(answer.status_code, Problem)
    return kind(answer.status_code, said if isinstance(said, dict) else {})  # pyright: ignore[reportUnknownArgumentType] # JSON
