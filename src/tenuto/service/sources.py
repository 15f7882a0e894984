"""Which flows, or agents, come from files: those belong to their folder, and nobody else may change them."""

from dataclasses import dataclass, field

from tenuto.service.principal import DEFAULT_TENANT
from tenuto.service.refusals import Refused


@dataclass(slots=True, frozen=True)
class SourceFile:
    """`shown`: the path as people know it. `gone`: it was there, and the flow stays as it was."""

    shown: str
    gone: bool = False


@dataclass(slots=True)
class Sources:
    """By name of the flow or the agent; a folder belongs to one tenant."""

    tenant: str = DEFAULT_TENANT
    files: dict[str, SourceFile] = field(default_factory=dict[str, SourceFile])

    def file(self, tenant: str, name: str) -> str | None:
        """The file that owns it, if one does now."""
        found = self.of(tenant, name)
        return None if found is None or found.gone else found.shown

    def refuse_if_from_file(self, tenant: str, name: str, *, unless: str | None = None) -> None:
        """What a folder owns is changed there, by that file alone: another's change would not last."""
        file = self.file(tenant, name)
        if file not in {None, unless}:
            raise Refused("conflict", f"`{name}` comes from {file}", "change it there")

    def of(self, tenant: str, name: str) -> SourceFile | None:
        return self.files.get(name) if tenant == self.tenant else None

    def owned(self) -> dict[str, str]:
        """The files that own something now, by the name of what they hold."""
        return {name: file.shown for name, file in sorted(self.files.items()) if not file.gone}

    def shown(self) -> dict[str, str]:
        """Every file that there was, by the name of what it holds."""
        return {name: file.shown for name, file in sorted(self.files.items())}
