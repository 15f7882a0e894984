"""What a scripted model says, and when: a list of answers in order, or rules of which the first that matches is taken.

    delay: 0.02          # seconds between two pieces of a text
    turns:               # in order: the first where the conversation has no answer yet, and so on
      - calls: [{tool: "node:http.request", arguments: {url: "https://example.com"}}]
      - text: It is there.
    rules:               # asked first; one without `turns` answers the same however often it is asked; `agent` may be a list
      - when: {agent: copywriter, task: "launch", after: "node:http.request", system: "…", output: true, turn: 0}
        text: A launch post.

An answer has `text`, `data` (JSON, said as the text; `auto` is made from the schema that was asked for), `calls`, `usage`,
`stop`, or an `error` (`message`, `status`, `retry_after`, and `times`: how often that question fails before the rest
holds); `fault` means something over a wire alone (`tenuto.testing.wire`). A list stands for `turns`. Which turn it is says the conversation, so that a run that goes on finds its place.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from tenuto.models.content import text_of
from tenuto.sdk.agents import Ask, Message, wire_name

_KEYS: Final = frozenset({"delay", "turns", "rules"})
_ANSWER: Final = frozenset({"text", "data", "calls", "usage", "stop", "error", "fault", "thinking"})
_WHEN: Final = frozenset({"agent", "task", "message", "after", "system", "output", "turn"})
_RULE: Final = frozenset({"when", "turns"}) | _ANSWER
_TURNS: Final = 10_000
_OPENING: Final = 300  # characters of a system prompt


class WrongScript(ValueError):
    """A script that cannot be played, in a sentence."""


@dataclass(slots=True, frozen=True)
class Rule:
    """`turns`: its answers; a rule with one says it every time."""

    when: Mapping[str, Any]
    turns: tuple[Mapping[str, Any], ...]
    in_order: bool


@dataclass(slots=True, frozen=True)
class Script:
    turns: tuple[Mapping[str, Any], ...] = ()
    rules: tuple[Rule, ...] = ()
    delay: float = 0.0

    def answer(self, ask: Ask) -> Mapping[str, Any]:
        """The answer to a question. Raises `WrongScript` where the script has none."""
        turn = sum(1 for message in ask["messages"] if message["role"] == "assistant")
        for rule in self.rules:
            if _matches(rule.when, ask, turn):
                return _at(rule.turns, turn) if rule.in_order else rule.turns[0]
        return _at(self.turns, turn)


@dataclass(slots=True)
class _Reader:
    """Reads one script; `wrong` raises with the place."""

    place: list[str] = field(default_factory=list[str])

    def script(self, given: Any) -> Script:
        if isinstance(given, list):
            return Script(self.turns(cast("list[Any]", given)))
        whole = self.mapping(given, _KEYS, "a script")
        delay = whole.get("delay", 0)
        if isinstance(delay, bool) or not isinstance(delay, int | float) or not 0 <= delay <= 60:
            raise WrongScript("`delay` is a number of seconds from 0 to 60")
        rules = whole.get("rules", [])
        if not isinstance(rules, list):
            raise WrongScript("`rules` is a list")
        made = tuple(self.rule(rule) for rule in cast("list[Any]", rules))
        script = Script(self.turns(whole.get("turns", [])), made, float(delay))
        if not script.turns and not script.rules:
            raise WrongScript("it has neither `turns` nor `rules`")
        return script

    def turns(self, given: Any) -> tuple[Mapping[str, Any], ...]:
        if not isinstance(given, list):
            raise WrongScript("`turns` is a list of answers")
        if len(cast("list[Any]", given)) > _TURNS:
            raise WrongScript(f"it has more than {_TURNS} answers")
        return tuple(self.answer(each) for each in cast("list[Any]", given))

    def answer(self, given: Any) -> Mapping[str, Any]:
        if isinstance(given, str):
            return {"text": given}
        answer = self.mapping(given, _ANSWER, "an answer")
        for call in cast("list[Any]", answer.get("calls", [])):
            named = self.mapping(call, {"tool", "arguments", "id"}, "a call")
            if not isinstance(named.get("tool"), str) or not isinstance(named.get("arguments", {}), dict | str):
                raise WrongScript("a call is {tool: NAME, arguments: {…}}")
        return answer

    def rule(self, given: Any) -> Rule:
        rule = self.mapping(given, _RULE, "a rule")
        when = self.mapping(rule.get("when", {}), _WHEN, "`when`")
        for key in ("task", "message", "system"):
            self.pattern(when.get(key))
        if "turns" in rule:
            return Rule(when, self.turns(rule["turns"]), in_order=True)
        return Rule(when, (self.answer({k: v for k, v in rule.items() if k != "when"}),), in_order=False)

    def mapping(self, given: Any, known: frozenset[str] | set[str], what: str) -> Mapping[str, Any]:
        if not isinstance(given, dict):
            raise WrongScript(f"{what} is an object with {', '.join(sorted(known))}")
        unknown = sorted(str(key) for key in cast("dict[Any, Any]", given) if key not in known)
        if unknown:
            raise WrongScript(f"{what} has no `{unknown[0][:60]}`; it has {', '.join(sorted(known))}")
        return cast("dict[str, Any]", given)

    def pattern(self, given: Any) -> None:
        try:
            re.compile(given if given is not None else "")
        except (re.error, TypeError):
            raise WrongScript(f"`{str(given)[:60]}` is no regular expression") from None


def read_script(given: Any) -> Script:
    """A script out of JSON. Raises `WrongScript`."""
    return _Reader().script(given)


def system_of(ask: Ask) -> str:
    return "\n".join(text_of(message) for message in ask["messages"] if message["role"] == "system")


def task_of(ask: Ask) -> str:
    """What a person has said last."""
    return next((text_of(message) for message in reversed(ask["messages"]) if message["role"] == "user"), "")


def last_tools(messages: Sequence[Message]) -> list[str]:
    """Wire names of the tools that were called last, if what they answered is the newest in the conversation."""
    if not messages or messages[-1]["role"] != "tool":
        return []
    for message in reversed(messages):
        if message["role"] == "assistant":
            return [call["name"] for call in message.get("tool_calls", [])]
    return []


def _at(turns: Sequence[Mapping[str, Any]], turn: int) -> Mapping[str, Any]:
    if turn >= len(turns):
        raise WrongScript(f"it has {len(turns)} answers in order, and this would be number {turn + 1}")
    return turns[turn]


def _matches(when: Mapping[str, Any], ask: Ask, turn: int) -> bool:
    messages = ask["messages"]
    return (
        ("turn" not in when or when["turn"] == turn)
        and ("output" not in when or bool(ask.get("output")) == bool(when["output"]))
        and ("agent" not in when or _is_one_of(when["agent"], ask))
        and ("after" not in when or wire_name(str(when["after"])) in last_tools(messages))
        and ("task" not in when or _found(when["task"], task_of(ask)))
        and ("message" not in when or (bool(messages) and _found(when["message"], text_of(messages[-1]))))
        and ("system" not in when or _found(when["system"], system_of(ask)))
    )


def _is_one_of(names: Any, ask: Ask) -> bool:
    """Where nobody says who asks (other programs speak the wire), the beginning of the system prompt does."""
    known = cast("list[Any]", names) if isinstance(names, list) else [names]
    asks = ask.get("agent")
    if asks is not None:
        return asks in known
    opening = " ".join(system_of(ask)[:_OPENING].replace("-", " ").lower().split())
    return any(str(name).replace("-", " ") in opening for name in known)


def _found(pattern: Any, text: str) -> bool:
    return re.search(str(pattern), text, re.IGNORECASE) is not None


def said(answer: Mapping[str, Any], data: Any) -> str:
    """The text of an answer. `data`: what `auto` means."""
    if "data" in answer:
        value = data if answer["data"] == "auto" else answer["data"]
        return json.dumps(value, ensure_ascii=False)
    return str(answer.get("text", ""))
