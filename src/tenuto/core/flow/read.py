"""From a JSON value to a flow, or to what is wrong with it. Never raises, whatever the value is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tenuto.core.flow.canonical import canonical_text, hash_of
from tenuto.core.flow.draft import BodyDraft
from tenuto.core.flow.findings import Findings, brief, mapping, what
from tenuto.core.flow.inputs import read_input
from tenuto.core.flow.kinds import FLOW_KEYS
from tenuto.core.flow.library import Library
from tenuto.core.flow.link import link
from tenuto.core.flow.model import Body, Flow
from tenuto.core.flow.names import wrong_flow_name
from tenuto.core.flow.nodes import NodeReader
from tenuto.core.flow.parts import Part
from tenuto.core.flow.policies import read_budget, read_concurrency
from tenuto.core.flow.scope import FINALLY_FIELDS, Place, Scope, World, uses_of
from tenuto.core.flow.triggers import TriggerReader
from tenuto.core.flow.types import Shape
from tenuto.core.problems import Problem
from tenuto.core.values import NotJson, check_json

# A document of 1 MB as text may be somewhat longer in its canonical form.
MAX_CANONICAL: Final = 4 * 2**20
_FLOW_SCOPE: Final = frozenset({"input", "run", "vars", "trigger"})
_TRIGGER_SCOPE: Final = frozenset({"vars", "trigger"})


def read(document: object, library: Library | None = None) -> tuple[Flow | None, list[Problem]]:
    """The flow, unless a problem of severity error stands against it.

    Without a library only the structure is checked and every other `use` is taken as a library type: so a run reads
    the document it was started with, whatever has become of the library since.
    """
    findings = Findings()
    members = mapping(document)
    if members is None:
        findings.error(
            "", "wrong_type", f"a flow is {what(document)}, not an object", "write `flow: NAME` and `nodes:`"
        )
        return None, findings.finished()
    if not _is_json(members, findings):
        return None, findings.finished()
    text = canonical_text(members)
    if len(text) > MAX_CANONICAL:
        findings.error("", "too_large", "the document is larger than 1 MB")
        return None, findings.finished()
    flow = _Reader(members, findings, library).flow(hash_of(text), len(text))
    return (None if findings.failed else flow), findings.finished()


def _is_json(members: Mapping[str, object], findings: Findings) -> bool:
    """Whether every store could keep the document."""
    for key, value in members.items():
        try:
            check_json({key: None}, "a key")
            check_json(value, brief(key))
        except NotJson as error:
            findings.error(brief(key), "not_json", brief(error, 300))
    return not findings.failed


class _Reader:
    def __init__(self, members: Mapping[str, object], findings: Findings, library: Library | None) -> None:
        self.findings = findings
        self.part = Part(members, "", findings)
        self.nodes = NodeReader(findings, library)
        self.world = World(findings)

    def flow(self, digest: str, size: int) -> Flow:
        part = self.part
        part.only(FLOW_KEYS, "a flow")
        part.need(("flow", "nodes"), "a flow")
        name = self._name()
        schema = read_input(part.members["input"], self.findings) if "input" in part.members else None
        self.world.input = None if schema is None else Shape.of(schema)
        draft = self.nodes.body(part, 1, frozenset())
        main = Scope(self.world, draft.nodes)
        body = link(draft, main)[0]
        finally_, grace = self._finally(draft, main)
        flow = Flow(
            name=name,
            hash=digest,
            document=part.members,
            body=body,
            description=part.text("description"),
            input_schema=schema,
            finally_=finally_,
            finally_timeout=grace,
            timeout=part.timeout(),
            concurrency=read_concurrency(part),
            budget=read_budget(part),
            triggers=self._triggers(),
            size=size,
        )
        return self._with_names(flow)

    def _name(self) -> str:
        name = self.part.members.get("flow", "")
        if not isinstance(name, str):
            self.part.wrong("flow", "wrong_type", f"`flow` is {what(name)}, not a name", "write `flow: my-flow`")
            return ""
        reason = wrong_flow_name(name) if "flow" in self.part.members else ""
        if reason:
            better = "-".join(name.lower().replace("_", "-").split())
            hint = "" if wrong_flow_name(better) else f"write `{better}`"
            self.part.wrong("flow", "wrong_name", f"`{brief(name)}` is no name: {reason}", hint)
        return name

    def _finally(self, main: BodyDraft, around: Scope) -> tuple[Body | None, float]:
        if "finally" not in self.part.members:
            return None, 300.0
        members = mapping(self.part.members["finally"])
        if members is None:
            self.part.wrong(
                "finally",
                "wrong_type",
                f"`finally` is {what(self.part.members['finally'])}, not an object",
                "write `finally: {nodes: {…}}`",
            )
            return None, 300.0
        part = Part(members, "finally", self.findings)
        part.only(("nodes", "timeout"), "`finally`", {"output": "only the flow has an output"})
        part.need(("nodes",), "`finally`")
        draft = self.nodes.body(part, 1, frozenset(main.nodes))
        scope = Scope(self.world, draft.nodes, {}, around, FINALLY_FIELDS)
        return link(draft, scope)[0], part.seconds("timeout", 300.0)

    def _triggers(self) -> tuple[Mapping[str, object], ...]:
        if "triggers" not in self.part.members:
            return ()
        reader = TriggerReader(self.findings)
        triggers = reader.read(self.part.members["triggers"])
        for each in reader.values:
            given = _TRIGGER_SCOPE | {"event"} if each.of_event else _TRIGGER_SCOPE
            uses_of(each.value, Place(Scope(self.world, given=given), each.path))
        return triggers

    def _with_names(self, flow: Flow) -> Flow:
        """Check the flow's own expressions, then say which variables and secrets the whole document names."""
        scope = Scope(self.world, given=_FLOW_SCOPE)
        key = flow.concurrency.key if flow.concurrency else None
        for path, value in (("timeout", flow.timeout), ("concurrency.key", key)):
            if value is not None:
                uses_of(value, Place(scope, path))
        return replace(flow, vars=frozenset(self.world.vars), secrets=frozenset(self.world.secrets))
