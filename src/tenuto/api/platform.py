"""What a route is given to work with: `platform: ThePlatform`."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from tenuto.service.platform import Platform


def platform_of(connection: HTTPConnection) -> Platform:
    return connection.app.state.platform


ThePlatform = Annotated[Platform, Depends(platform_of)]
