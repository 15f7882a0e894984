"""Which signals are refused, and why: asked by a host before it answers a sender."""

from typing import Any

from tenuto.core.inputs import Signal
from tenuto.core.machine.origin import node_at
from tenuto.core.machine.signals import BUDGET, KEPT, PAUSE, RESUME
from tenuto.core.machine.state import NodeState, State
from tenuto.core.values import is_object

Refusal = tuple[str, str]  # code, message

DECISIONS = ("retry", "done", "fail")


def refusal(state: State, signal: Signal) -> Refusal | None:
    """None if the signal is welcome (or was received before, by its key)."""
    if state.phase == "ended":
        return "ended", f"the run has ended ({state.ended})"
    if signal.key is not None and signal.key in state.signal_keys:
        return None
    payload: Any = signal.payload
    if signal.name == BUDGET:
        return _budget(payload)
    if signal.name in (PAUSE, RESUME):
        return None
    ns = state.nodes.get(signal.name)
    if ns is not None and ns.status == "unknown":
        return _decision(ns, payload)
    node = node_at(state.flow, signal.name)
    if node is not None and node.use == "approval":
        return _approval(state, signal.name, ns, payload)
    if node is not None and is_object(payload) and payload.get("decision") in DECISIONS:
        return "not_in_doubt", f"`{signal.name}` is not in doubt: there is nothing to decide"
    if len(state.signals.get(signal.name, ())) >= KEPT:
        return "full", f"{KEPT} signals `{signal.name}` are kept already and none was asked for"
    return None


def _budget(payload: Any) -> Refusal | None:
    if is_object(payload):
        if payload.get("stop") is True:
            return None
        add = payload.get("add")
        if is_object(add) and add and all(_amount(key, value) for key, value in add.items()):
            return None
    return "invalid", 'send {"add": {"usd": 1, "tokens": 1000}} or {"stop": true}'


def _amount(key: Any, value: Any) -> bool:
    return key in ("usd", "tokens") and isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _decision(ns: NodeState, payload: Any) -> Refusal | None:
    if ns.verdict is not None:
        return "answered", f"`{ns.path}` has been decided"
    if not is_object(payload) or payload.get("decision") not in DECISIONS:
        return "invalid", f'`{ns.path}` is in doubt: send {{"decision": "retry"}}, "done" (with "output") or "fail"'
    return None


def _approval(state: State, path: str, ns: NodeState | None, payload: Any) -> Refusal | None:
    answered = "answered", f"`{path}` has been answered"
    if path in state.signals or _is_past(state, path):
        return answered
    if ns is not None and (ns.settled or (ns.verdict is not None and ns.verdict.kind == "answer")):
        return answered
    if not is_object(payload) or not isinstance(payload.get("approved"), bool):
        return "invalid", f'`{path}` is an approval: send {{"approved": true}} or {{"approved": false}}'
    return None


def _is_past(state: State, path: str) -> bool:
    """Whether the item or turn that the path names has ended already."""
    head, bracket, rest = path.rpartition("[")
    if not bracket:
        return False
    owner, index = state.nodes.get(head), rest.partition("]")[0]
    if owner is None:
        return _is_past(state, head)
    if owner.inner is None:
        return owner.settled
    return int(index) < owner.inner.next and int(index) not in owner.inner.scopes
