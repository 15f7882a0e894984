"""What the server says of itself: a JSON object a line, or lines for people on a terminal. Never a line that somebody else wrote.

Every line of a request has its id, and its tenant once that is known. Lines are put into a queue; a thread of its own
makes and writes them, so that no request waits for a disk. Control characters in what came from outside are spelled out:
nobody writes a second line, or colours a terminal.
"""

import logging
import logging.handlers
import queue
import re
import sys
from collections.abc import Generator, MutableMapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Final, TextIO

Fields = MutableMapping[str, Any]

# What the request that is being answered knows of itself (`scope["state"]`).
current: Final[ContextVar[MutableMapping[str, Any] | None]] = ContextVar("tenuto_request", default=None)

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST: Final = 10_000  # characters of one field
_MOST: Final = 10_000  # lines that wait; more are dropped
_OWN: Final = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {"message", "taskName"}


@contextmanager
def logging_to(stream: TextIO | None = None, *, level: str = "INFO", plain: bool | None = None) -> Generator[None]:
    """While the block lasts. `plain`: lines for people; None: where the stream is a terminal."""
    out: TextIO = stream if stream is not None else sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(_formatter(for_people=out.isatty() if plain is None else plain))
    entry = _Entry(queue.Queue(_MOST))
    writer = _Writer(entry.queue, handler)
    root, ours = logging.getLogger(), logging.getLogger("tenuto")
    before, old = list(root.handlers), ours.level
    root.handlers[:] = [entry]
    ours.setLevel(level)  # of others only warnings
    writer.start()
    try:
        yield
    finally:
        root.handlers[:] = before
        ours.setLevel(old)
        writer.stop()


class _Entry(logging.handlers.QueueHandler):
    """On the loop: who asks is noted down, nothing is formatted."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        state = current.get()
        if state is not None:
            who = state.get("principal")
            record.__dict__.setdefault("request_id", state.get("request_id"))
            if who is not None:
                record.__dict__.setdefault("tenant", who.tenant)
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            return  # who asks goes before who reads


class _Writer(logging.handlers.QueueListener):
    """In a thread of its own."""

    def enqueue_sentinel(self) -> None:
        """The last word finds a place though lines wait: the oldest gives way."""
        if isinstance(self.queue, queue.Queue) and self.queue.full():
            with suppress(queue.Empty):
                self.queue.get_nowait()
        super().enqueue_sentinel()


def _formatter(*, for_people: bool) -> logging.Formatter:
    import structlog  # only servers pay for it

    about = [structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name]
    moment = structlog.processors.TimeStamper(fmt="iso", utc=True)
    faults, last = [_tracebacks()], structlog.processors.JSONRenderer()
    if for_people:
        about = [structlog.stdlib.add_log_level]
        moment = structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
        faults, last = [], _for_people()
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*about, moment, _extras],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *faults, _spelled_out, last],
    )


def _for_people() -> Any:
    import structlog

    return structlog.dev.ConsoleRenderer(
        colors=True, pad_event_to=0, pad_level=False, exception_formatter=structlog.dev.plain_traceback
    )


def _tracebacks() -> Any:
    """Where it happened, and nothing of what was at hand there: that may be a secret."""
    import structlog

    plain = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return structlog.processors.ExceptionRenderer(plain)


def _extras(_logger: Any, _name: str, fields: Fields) -> Fields:
    """What was given as `extra=`."""
    record = fields["_record"]
    fields.update({name: value for name, value in record.__dict__.items() if name not in _OWN and name[0] != "_"})
    return fields


def _spelled_out(_logger: Any, _name: str, fields: Fields) -> Fields:
    return {_safe(str(name)): _safe(value) if isinstance(value, str) else value for name, value in fields.items()}


def _safe(text: str) -> str:
    cut = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", cut)
