"""The heart inside a Temporal workflow: library nodes are activities, timers and signals are Temporal's own.

Not the Temporal host: just enough of one to show that nothing in the heart needs a clock, a thread or a module that
Temporal's sandbox refuses. The workflow imports the heart inside the sandbox, with nothing passed through; only the
activity `run_node`, which lives elsewhere, knows what a node is.
"""

import asyncio
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from tenuto.core import inputs
from tenuto.core.commands import CancelNode, Finish, RunNode, SetTimer, StartChild
from tenuto.core.flow import read
from tenuto.core.machine import About, decide, new_state, refusal, take


@workflow.defn
class HeartWorkflow:
    """One run of one flow."""

    def __init__(self) -> None:
        self.arrived: list[inputs.Input] = []
        self.facts: list[dict[str, Any]] = []
        self.running: dict[str, asyncio.Task[None]] = {}
        self.outcome: Finish | None = None

    @workflow.run
    async def run(self, document: dict[str, Any], given: Any, flows: dict[str, Any]) -> dict[str, Any]:
        flow, problems = read(document)
        assert flow is not None, problems
        self.flows = flows
        run = workflow.info().workflow_id
        self.state = new_state(flow, About(run=run, name=run, input=given, key_base=run))
        self.arrived.insert(0, inputs.Start(at=self.now()))
        while self.outcome is None:
            await workflow.wait_condition(lambda: bool(self.arrived))
            self.turn(self.arrived.pop(0))
        # Otherwise whoever still asks gets an error, not an answer.
        await workflow.wait_condition(workflow.all_handlers_finished)
        return asdict(self.outcome)

    @workflow.update
    def tell(self, name: str, payload: Any) -> str:
        """A signal that is answered: the code with which it is refused, or nothing."""
        said = inputs.Signal(at=self.now(), name=name, payload=payload)
        refused = refusal(self.state, said)
        if refused is None:
            self.arrived.append(said)
        return refused[0] if refused else ""

    @workflow.signal
    def cancel(self) -> None:
        self.arrived.append(inputs.Cancel(at=self.now()))

    @workflow.update
    async def until(self, statuses: list[str]) -> str:
        """Answered as soon as the run has one of these statuses, or can have none of them any more."""
        await workflow.wait_condition(
            lambda: hasattr(self, "state") and (self.state.status in statuses or self.outcome is not None)
        )  # an update may come first
        return self.state.status

    @workflow.query
    def journal(self) -> list[dict[str, Any]]:
        return self.facts

    def now(self) -> float:
        return workflow.now().timestamp()

    def turn(self, what: inputs.Input) -> None:
        """Temporal makes the facts durable: they follow from its own history by replay."""
        self.facts += [{"type": fact.type, **asdict(fact)} for fact in decide(self.state, what)]
        for command in take(self.state):
            self.carry_out(command)

    def carry_out(self, command: RunNode | SetTimer | StartChild | CancelNode | Finish) -> None:
        if isinstance(command, Finish):
            self.outcome = command
        elif isinstance(command, RunNode):
            self.running[command.path] = asyncio.create_task(self.attempt(command))
        elif isinstance(command, StartChild):
            self.running[command.path] = asyncio.create_task(self.child(command))
        elif isinstance(command, CancelNode):
            self.running[command.path].cancel()
        else:
            _ = asyncio.create_task(self.timer(command))  # noqa: RUF006  # the workflow's loop keeps it

    async def attempt(self, command: RunNode) -> None:
        """One execution of a library node, as one activity."""
        path, number = command.path, command.attempt
        started = self.now()
        try:
            result = await workflow.execute_activity(
                "run_node",
                args=[command.use, command.input, command.attempt, command.key],
                start_to_close_timeout=timedelta(seconds=command.timeout or 30),
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        except asyncio.CancelledError:
            self.arrived.append(inputs.Failed(self.now(), path, number, "cancelled", "stopped"))
        except ActivityError as error:
            cause = error.cause
            assert isinstance(cause, ApplicationError)
            kind, retry = cause.type or "error", bool(cause.details and cause.details[0])
            self.arrived.append(inputs.Failed(self.now(), path, number, kind, cause.message, retry, started_at=started))
        else:
            port, output = result
            self.arrived.append(inputs.Succeeded(self.now(), path, number, output, port, started_at=started))

    async def child(self, command: StartChild) -> None:
        self.arrived.append(inputs.ChildBegun(self.now(), command.path, command.run, "1"))
        ended = await workflow.execute_child_workflow(
            HeartWorkflow.run, args=[self.flows[command.flow], command.input, self.flows], id=command.run
        )
        self.arrived.append(
            inputs.ChildEnded(self.now(), command.path, command.run, ended["status"], ended["output"], ended["error"])
        )

    async def timer(self, command: SetTimer) -> None:
        await asyncio.sleep(max(0.0, command.due - self.now()))
        self.arrived.append(inputs.TimerDue(self.now(), command.path))
