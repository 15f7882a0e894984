"""The description of the API is complete, whoever added a route."""

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from tenuto.api.access import EVERYBODY
from tenuto.api.openapi import operations


@pytest.fixture
def schema(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


async def test_every_operation_says_what_it_is_and_who_may(schema: dict[str, Any]):
    """A summary of a few words, a noun, a permission, an id that generators can use."""
    lacking = [
        f"{method} {path}"
        for method, path, operation in operations(schema)
        if not operation.get("summary") or not operation.get("tags") or not operation.get("x-permission")
    ]
    ids = [operation["operationId"] for _, _, operation in operations(schema)]

    assert lacking == []
    assert len(ids) == len(set(ids))


async def test_what_everybody_may_is_rare(schema: dict[str, Any]):
    """The permission in the description is the one that is asked."""
    found = {operation["x-permission"] for _, _, operation in operations(schema)}
    open_to_all = {path for _, path, operation in operations(schema) if operation["x-permission"] == EVERYBODY}

    assert {"runs:read", "runs:write", "flows:write"} <= found
    assert all(path.startswith(("/health", "/metrics", "/auth/", "/hooks/")) or path == "/" for path in open_to_all)


async def test_every_operation_has_its_errors_as_problems(schema: dict[str, Any]):
    """401 and 403 wherever a credential is asked for; each error in one shape."""
    for method, path, operation in operations(schema):
        statuses = operation["responses"].keys()
        if operation["x-permission"] != EVERYBODY:
            assert {"401", "403", "429"} <= statuses, f"{method} {path}"
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert "application/problem+json" in response.get("content", {}), f"{method} {path} {status}"


async def test_every_json_body_and_parameter_has_an_example(schema: dict[str, Any]):
    """So that the first request of a reader works."""
    for method, path, operation in operations(schema):
        for parameter in operation.get("parameters", ()):
            assert "example" in parameter or "examples" in parameter, f"{method} {path} {parameter['name']}"
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if kind == "application/json":
                assert "example" in content or "examples" in content, f"{method} {path}"


async def test_the_page_loads_nothing_from_elsewhere(anonymous: httpx2.AsyncClient):
    """Its policy would forbid it; nothing on it is inline."""
    page = await anonymous.get("/docs")
    parts = [await anonymous.get(path) for path in ("/docs/docs.js", "/docs/docs.css", "/openapi.json", "/favicon.ico")]

    assert page.status_code == 200
    assert all(part.status_code == 200 for part in parts)
    assert "http" not in page.text
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "innerHTML" not in parts[0].text


async def test_the_door_leads_a_browser_to_the_page_and_tells_a_program_where_it_is(anonymous: httpx2.AsyncClient):
    """The link that `tenuto up` prints first goes there."""
    browser = await anonymous.get("/", headers={"Accept": "text/html,*/*;q=0.8"})
    program = await anonymous.get("/")

    assert (browser.status_code, browser.headers["location"]) == (303, "/docs")
    assert program.json() == {"status": "healthy", "message": "AI Agent Management API"}
    assert '</openapi.json>; rel="service-desc"' in program.headers["link"]
