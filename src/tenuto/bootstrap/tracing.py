"""Where traces go: to what the variables of OpenTelemetry name, if they name anything."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tenuto.service.spans import Spans

WANTED: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
INSTALL: Final = "pip install 'tenuto[otlp]'"


def wanted(environment: Mapping[str, str] | None = None) -> bool:
    given = os.environ if environment is None else environment
    return any(given.get(name) for name in WANTED) and given.get("OTEL_SDK_DISABLED", "").lower() != "true"


def make_spans() -> "tuple[Spans | None, str]":
    """Spans, or a sentence that says why there are none. What is exported, how and where the variables `OTEL_*` say."""
    if not wanted():
        return None, ""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # pyright: ignore[reportMissingImports]  the extra `otlp`
            OTLPSpanExporter,  # pyright: ignore[reportUnknownVariableType]  as above
        )
    except ImportError:
        return None, f"traces are wanted ({WANTED[0]}), and nothing can send them: {INSTALL}"
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from tenuto.service.spans import Spans

    return Spans(BatchSpanProcessor(OTLPSpanExporter())), ""  # pyright: ignore[reportUnknownArgumentType]  as above
