"""Which flow a start means: one that was saved, or a document that comes with the request."""

from collections.abc import Mapping

from tenuto.core.flow import Flow, Library, read
from tenuto.core.problems import Problem
from tenuto.documents.schemas import wrong_schemas
from tenuto.service.aside import aside, weight_of
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.refusals import Invalid, Refused

Json = object


async def resolve(
    platform: Platform, tenant: str, name: str, version: str | int | None = None, stage: str | None = None
) -> Flow:
    """The version named, else what is published on the stage, else the newest. A dictionary look-up when warm."""
    return (await platform.flows.published.resolve(tenant, name, version, stage)).flow


async def validate_inline(
    platform: Platform, who: Principal, document: Mapping[str, Json], stage: str | None = None
) -> Flow:
    """A flow that nobody saved: only for who could have saved it, and never where production is."""
    who.needs("flows:write")
    where = await platform.flows.published.stage(who.tenant, stage)
    if where.production:
        said = f"a document that is not saved never runs on the production stage `{where.name}`"
        raise Refused("forbidden", said, "save it and publish it there, or name another stage")
    flow, problems = await aside(weight_of(document), _read, document, platform.flows.library)
    if flow is None:
        raise Invalid("the document has problems", [each for each in problems if each.severity == "error"])
    return flow


def _read(document: Mapping[str, Json], library: Library) -> tuple[Flow | None, list[Problem]]:
    flow, problems = read(document, library)
    wrong = [] if flow is None else wrong_schemas(flow)
    return (None, wrong) if wrong else (flow, problems)
