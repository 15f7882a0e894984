"""A run by its whole id or name: what a request means. (At a terminal the beginning is enough: `Archive.find`.)"""

from tenuto.ports.journal import RunEntry, RunQuery
from tenuto.service.archive import Archive
from tenuto.service.refusals import Refused

_NAMED = 20  # of all whose id begins with the word, how many are looked at


async def named(archive: Archive, tenant: str, word: str) -> RunEntry:
    """The newest, where a name was given twice. Refused if the tenant has none, whoever else has."""
    found = await archive.within(tenant).runs(RunQuery(name=word, limit=_NAMED)) if word else []
    for entry in found:
        if word in (entry.id, entry.name):
            return entry
    raise Refused("not_found", f"there is no run `{word[:80]}`", "GET /v1/runs lists them")
