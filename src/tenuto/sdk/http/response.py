"""What came back, read whole; and what it means for the attempt."""

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from tenuto.sdk.decoding import has_letters
from tenuto.sdk.errors import NodeError

FIRST_ERROR: Final = 400
_SERVER_ERROR: Final = 500
_WORTH_RETRYING: Final = frozenset({408, 429})
_LONGEST_WAIT: Final = 86_400.0
_SHOWN: Final = 200


@dataclass(slots=True, frozen=True)
class Response:
    """`headers` have lower-case names; several of one name are joined by `, `. `url` is the last one after redirects."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str
    asked: str  # method and URL without its query, for messages

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        return self.media_type == "application/json" or self.media_type.endswith("+json")

    @property
    def is_text(self) -> bool:
        kind = self.media_type
        known = kind.startswith("text/") or kind.endswith(
            ("+xml", "/xml", "/javascript", "/x-www-form-urlencoded", "/yaml")
        )
        return known or self.is_json or kind == ""

    @property
    def text(self) -> str:
        """The body as text, in the charset it names or UTF-8; what is not such text is replaced."""
        charset = "utf-8"
        for parameter in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                charset = value.strip(" \"'")
        try:
            return self.content.decode(charset if has_letters(charset) else "utf-8", "replace")
        except (LookupError, ValueError):  # a charset nobody knows, or one that is no charset
            return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. `NodeError` of type `http` if it is none."""
        try:
            return json.loads(self.content, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise NodeError(f"{self.asked} answered with a body that is no JSON", type="http", retry=False) from None

    @property
    def retry_after(self) -> float | None:
        """Seconds that the server asks to wait, written as a number or as a date."""
        told = self.headers.get("retry-after", "").strip()
        if told.isdecimal():
            return min(float(told), _LONGEST_WAIT)
        if not told:
            return None
        from email.utils import parsedate_to_datetime  # brings half the mail package, for a date now and then

        try:
            seconds = parsedate_to_datetime(told).timestamp() - time.time()
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        return min(max(seconds, 0.0), _LONGEST_WAIT)

    def raise_for_status(self, ok: Collection[int] = ()) -> None:
        """`NodeError` of type `http` for a status from 400 on that is not in `ok`; 408, 429 and 5xx are worth a retry."""
        if self.status < FIRST_ERROR or self.status in ok:
            return
        retry = self.status >= _SERVER_ERROR or self.status in _WORTH_RETRYING
        message = f"{self.asked} answered {self.status}{_phrase(self.status)}{self._excerpt()}"
        raise NodeError(message, type="http", retry=retry, retry_after=self.retry_after if retry else None)

    def _excerpt(self) -> str:
        words = " ".join(self.text[: _SHOWN * 4].split()) if self.is_text else ""
        shown = "".join(character for character in words if character.isprintable())[:_SHOWN]
        return f": {shown}" if shown else ""


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:  # a status of the server's own
        return ""


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
