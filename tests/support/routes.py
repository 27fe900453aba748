"""The route table of the service."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from uuid import uuid4

from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from tests.support.service import Service


class Call(NamedTuple):
    """One method of one path; an id in it is nobody's."""

    method: str
    path: str
    name: str
    """The path as it is routed."""
    guarded: bool
    """For somebody signed in only."""


def calls_of(service: Service) -> Iterator[Call]:
    """Every call of the service."""
    for route in service.app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = re.sub(r"\{[^}]+\}", str(uuid4()), route.path_format)
        for handler in route.route_handlers:
            if isinstance(handler, HTTPRouteHandler):
                for method in handler.http_methods - {"OPTIONS"}:
                    guarded = handler.opt.get("hybrid_auth") == "authenticated"
                    yield Call(method, path, route.path_format, guarded)
