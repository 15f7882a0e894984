"""Names of secrets and variables, and the stage that they are for: the same rules for both."""

import re
from typing import Final

from tenuto.ports.sealed import ANY_STAGE
from tenuto.ports.store import Transaction
from tenuto.service.principal import Principal
from tenuto.service.published import no_stage
from tenuto.service.refusals import Refused

LONGEST: Final = 64
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def check_name(name: str) -> None:
    """Refuse what an expression could not name."""
    if _NAME.fullmatch(name) is None or len(name) > LONGEST:
        said = f"`{name[:LONGEST]}` cannot be named in an expression"
        raise Refused("invalid", said, f"letters, digits and underscores, a letter first, at most {LONGEST} of them")


async def check_stage(tx: Transaction, who: Principal, stage: str) -> None:
    """`*` is every stage."""
    if stage == ANY_STAGE:
        return
    stages = {each.name: each for each in await tx.stages.list(who.tenant)}
    if stage not in stages:
        raise no_stage(stage, stages)


def where(stage: str) -> str:
    """For sentences."""
    return "every stage" if stage == ANY_STAGE else f"the stage `{stage}`"
