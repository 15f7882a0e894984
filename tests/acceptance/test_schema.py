"""The API does what its description says: no fault inside, no status and no shape that is not described, whatever comes.

Each operation gets a few requests on every change, made from the description; many more at night.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from acceptance.process import Up, up
from tenuto.api.app import routes_only

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MANNER = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    phases=[Phase.generate],
    derandomize=True,
    database=None,
)

schema = schemathesis.openapi.from_dict(routes_only().openapi())
schema.config.generation.update(modes=[schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE])


@schemathesis.serializer("application/zip", "application/octet-stream")
def _as_it_is(context: schemathesis.SerializationContext, value: Any) -> bytes:
    """Whatever was made up, as bytes."""
    del context
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    folder: Path = tmp_path_factory.mktemp("schema")
    with up(folder, TENUTO_REQUEST_TIMEOUT="20s") as server:
        yield server
        assert "Traceback" not in server.printed


def _ask(case: schemathesis.Case[Any], server: Up) -> None:
    headers = {"Authorization": str(server.client.headers["authorization"])}
    case.call_and_validate(base_url=str(server.client.base_url), headers=headers, checks=CHECKS, timeout=30)


@schema.parametrize()  # pyright: ignore[reportUntypedFunctionDecorator]  the library has no type for it
@settings(MANNER, max_examples=3)
def test_an_operation_keeps_its_word(case: schemathesis.Case[Any], server: Up) -> None:
    _ask(case, server)


@pytest.mark.nightly
@schema.parametrize()  # pyright: ignore[reportUntypedFunctionDecorator]  the library has no type for it
@settings(MANNER, max_examples=100, derandomize=False)
def test_an_operation_keeps_its_word_at_length(case: schemathesis.Case[Any], server: Up) -> None:
    _ask(case, server)
