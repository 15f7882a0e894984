"""What starts a flow where it is published: `http`, `cron`, `event`. Only their shape is checked; services make them work.

Whether a cron line ever ticks and whether a time zone exists is asked in `documents`, which may read what it needs.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from tenuto.core.expressions import Value
from tenuto.core.flow.findings import Findings, brief, has_expression, listing, mapping, under, what
from tenuto.core.flow.parts import Part, is_expression
from tenuto.core.flow.paths import duplicates, read_path

KINDS: Final = ("http", "cron", "event")
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
SIGNATURES: Final = ("standard", "github", "stripe", "slack", "hmac")
MISSED: Final = ("once", "skip")
MAX_SECRETS: Final = 5
_BESIDE: Final = {"http": ("input",), "cron": ("timezone", "missed", "input"), "event": ("input",)}
_TYPE: Final = re.compile(r"[A-Za-z0-9_.:/-]{1,200}", re.ASCII)
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,100}", re.ASCII)
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
_CRON: Final = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_DAYS, _WEEKDAYS = 3, 5
_LAST: Final = re.compile(r"LW?", re.IGNORECASE)  # the last day of a month, the last one from Monday to Friday
_NTH: Final = re.compile(r"([0-7]|mon|tue|wed|thu|fri|sat|sun)(#[1-5]|L)", re.IGNORECASE | re.ASCII)
_CRON_WORDS: Final = re.compile(
    r"(mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", re.IGNORECASE
)


class Valued(NamedTuple):
    """A value that is worked out when the trigger fires; in one of an `event` trigger `event` has a meaning, too."""

    path: str
    value: Value
    of_event: bool = False


class TriggerReader:
    """Reads `triggers:` and collects the expressions in them."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.values: list[Valued] = []

    def read(self, value: object) -> tuple[Mapping[str, object], ...]:
        """A list of triggers, or one object with a trigger of each kind."""
        found = self._all(value)
        for path, method, route in duplicates(found):
            self.findings.error(path, "duplicate", f"{method} {route} stands twice", "one trigger a method and path")
        return found

    def _all(self, value: object) -> tuple[Mapping[str, object], ...]:
        items = listing(value)
        if items is None:
            members = mapping(value)
            if members is None:
                self.findings.error(
                    "triggers", "wrong_type", f"`triggers` is {what(value)}, not a list", "write `- cron: …`"
                )
                return ()
            return tuple(self._each(Part(one, "triggers", self.findings)) for one in _apart(members))
        found: list[Mapping[str, object]] = []
        for index, item in enumerate(items):
            path, members = under("triggers", index), mapping(item)
            if members is None:
                self.findings.error(
                    path, "wrong_type", f"a trigger is {what(item)}, not an object", "write `- cron: …`"
                )
            else:
                found.append(self._each(Part(members, path, self.findings)))
        return tuple(found)

    def _each(self, part: Part) -> Mapping[str, object]:
        kinds = [kind for kind in KINDS if kind in part.members]
        if len(kinds) != 1:
            part.only((*KINDS, "timezone", "missed", "input"), "a trigger")
            said = " and ".join(f"`{kind}`" for kind in kinds) or "none"
            self.findings.error(
                part.path, "wrong_value", f"a trigger has one of `http`, `cron`, `event`; it has {said}"
            )
            return part.members
        kind = kinds[0]
        part.only((kind, *_BESIDE[kind]), f"a `{kind}` trigger")
        {"http": self._http, "cron": self._cron, "event": self._event}[kind](part)
        if "input" in part.members and "input" in _BESIDE[kind]:
            self._input(part)
        return part.members

    def _http(self, part: Part) -> None:
        inner = self._object(part, "http", "write `http: {method: POST, path: /orders}`")
        if inner is None:
            return
        inner.only(("method", "path", "auth", "respond", "key"), "an `http` trigger")
        inner.need(("path",), "an `http` trigger")
        inner.one_of("method", METHODS, "POST")
        inner.one_of("respond", ("result", "accepted"), "accepted")
        if "path" in inner.members:
            for problem in read_path(inner.text("path")).problems:
                inner.wrong("path", *problem)
        if "auth" in inner.members:
            self._auth(inner)
        self._keep(inner, "key", inner.value("key"))

    def _auth(self, part: Part) -> None:
        auth = part.members["auth"]
        members = mapping(auth)
        if members is None:
            part.one_of("auth", ("key", "none", "signature"), "key")
            if auth == "signature":
                part.wrong("auth", "wrong_value", "which signature?", "write `auth: {signature: github, secret: NAME}`")
            return
        inner = Part(members, part.at("auth"), self.findings)
        inner.only(("signature", "secret", "header"), "`auth`")
        inner.need(("signature", "secret"), "`auth`")
        inner.one_of("signature", SIGNATURES, "standard")
        self._secret(inner)
        if "header" in inner.members:
            self._header(inner)

    def _secret(self, part: Part) -> None:
        """One name, or several while a secret is changed: any of them will do."""
        names = listing(part.members.get("secret", ""))
        if names is None:
            names = [part.text("secret", "-")]
        if not 0 < len(names) <= MAX_SECRETS or not all(isinstance(name, str) and name for name in names):
            part.wrong("secret", "wrong_value", "`secret` is the name of a secret, or a list of up to 5")
        elif any(has_expression(name) for name in names):
            part.wrong("secret", "wrong_value", "`secret` is the name of a secret", "write its name without ${}")

    def _header(self, part: Part) -> None:
        """Only of `hmac`: the others have headers of their own."""
        if part.members.get("signature") != "hmac":
            part.wrong("header", "unknown_key", "only `signature: hmac` has a `header`")
        elif not _HEADER.fullmatch(part.text("header")):
            part.wrong("header", "wrong_value", "`header` is no name of a header", "write `header: X-Signature`")

    def _cron(self, part: Part) -> None:
        if reason := wrong_cron(part.text("cron")):
            part.wrong("cron", "wrong_cron", reason, 'write five fields, such as "0 9 * * 1-5"')
        part.one_of("missed", MISSED, "once")
        if "timezone" in part.members:
            zone = part.text("timezone", "UTC")
            if not _ZONE.fullmatch(zone):
                part.wrong("timezone", "wrong_value", f"`{brief(zone)}` is no time zone", "write Europe/Vienna or UTC")

    def _event(self, part: Part) -> None:
        inner = self._object(part, "event", "write `event: {type: order.created}`")
        if inner is None:
            return
        inner.only(("type", "when"), "an `event` trigger")
        inner.need(("type",), "an `event` trigger")
        if not _TYPE.fullmatch(inner.text("type", "-")):
            inner.wrong(
                "type", "wrong_value", "a type of events is letters, digits and . _ : / -", "write order.created"
            )
        self._keep(inner, "when", inner.decision("when"), of_event=True)

    def _input(self, part: Part) -> None:
        given = part.members["input"]
        if mapping(given) is None and not is_expression(given):
            part.wrong("input", "wrong_type", f"`input` is {what(given)}, not an object")
        self._keep(part, "input", part.value("input"), of_event="event" in part.members)

    def _keep(self, part: Part, key: str, value: Value | None, *, of_event: bool = False) -> None:
        if value is not None:
            self.values.append(Valued(part.at(key), value, of_event))

    def _object(self, part: Part, key: str, hint: str) -> Part | None:
        members = mapping(part.members[key])
        if members is None:
            part.wrong(key, "wrong_type", f"`{key}` is {what(part.members[key])}, not an object", hint)
            return None
        return Part(members, part.at(key), self.findings)


def wrong_cron(text: str) -> str:
    """Why this is no cron line of five fields (or six, the first one for seconds), or nothing."""
    fields = text.split()
    if len(fields) not in {5, 6}:
        return f"a cron line has five fields, `{brief(text)}` has {len(fields)}"
    for place, field in enumerate(fields, 6 - len(fields)):
        low, high = _CRON[place]
        if not all(_cron_item(item, place) for item in field.split(",")):
            return f"`{brief(field)}` is no field of a cron line ({low} to {high})"
    return ""


def _cron_item(item: str, place: int) -> bool:
    low, high = _CRON[place]
    if (place == _DAYS and _LAST.fullmatch(item)) or (place == _WEEKDAYS and _NTH.fullmatch(item)):
        return True
    span, _, step = item.partition("/")
    if "/" in item and not (step.isdecimal() and 0 < int(step[:9]) <= high):
        return False
    if span == "*":
        return True
    ends = span.split("-")
    if len(ends) > 2:
        return False
    if all(_CRON_WORDS.fullmatch(end) for end in ends):
        return high in {7, 12}
    if not all(end.isdecimal() and end.isascii() and len(end) <= 4 for end in ends):
        return False
    numbers = [int(end) for end in ends]
    return all(low <= each <= high for each in numbers) and numbers == sorted(numbers)


def _apart(members: Mapping[str, object]) -> list[Mapping[str, object]]:
    """One object with several kinds, made one object a kind; what stands beside goes with `cron`."""
    kinds = [kind for kind in KINDS if kind in members]
    if len(kinds) <= 1:
        return [members]
    beside = {key: value for key, value in members.items() if key not in KINDS}
    first = "cron" if "cron" in kinds else kinds[0]
    return [{kind: members[kind], **(beside if kind == first else {})} for kind in kinds]
