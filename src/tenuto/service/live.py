"""What a server keeps in memory of its runs, fed by the host: streams for readers, views, the inbox, names being taken."""

from dataclasses import dataclass, field
from typing import Self

from tenuto.ports.feed import Feed
from tenuto.service.archive import Archive
from tenuto.service.inbox import Inbox
from tenuto.service.stream import Streams
from tenuto.service.views import Number, Views


@dataclass(slots=True, kw_only=True)
class LiveRuns:
    """`naming`: (tenant, name) of runs that are being started."""

    feed: Feed
    streams: Streams
    views: Views
    inbox: Inbox
    naming: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    @classmethod
    def of(cls, archive: Archive, feed: Feed, number: Number | None = None) -> Self:
        """Before runs are taken over, so that the inbox hears of those that wait."""
        views = Views(archive, feed, number=number)
        return cls(feed=feed, streams=Streams(archive, feed), views=views, inbox=Inbox(feed))

    def close(self) -> None:
        """Send every reader away: a server that stops waits for them."""
        self.streams.close()
        self.views.close()
