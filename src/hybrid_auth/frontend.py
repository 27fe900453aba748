"""The built front end, served from memory: fixed pages, hashed assets, and nothing else."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.params import FromPath

from hybrid_auth.core.errors import NotFound

PAGES = (
    "/",
    "/register",
    "/account",
    "/verify-email",
    "/forgot-password",
    "/reset-password",
    "/confirm-email-change",
    "/undo-email-change",
    "/not-me",
)
"""Addresses the front end knows. Any other path is a real 404: a page served everywhere deceives caches."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "object-src 'none'"
)
DOCS_POLICY = PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
"""The API documentation is third-party code that styles itself inline; it runs no inline script either."""


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """One file of the build."""

    content: bytes
    media_type: str
    """Litestar adds the charset to `text/…`."""


class FrontEnd:
    """The files below `directory`, read once; a missing build is an empty one."""

    def __init__(self, directory: Path) -> None:
        self.files: Mapping[str, BuiltFile] = {
            path.relative_to(directory).as_posix(): BuiltFile(
                path.read_bytes(), mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            )
            for path in sorted(directory.rglob("*"))
            if path.is_file()
        }

    def router(self) -> Router:
        """Pages at their addresses, and the rest of the build by its name."""
        front = self

        @get(list(PAGES), include_in_schema=False, sync_to_thread=False)
        def page() -> Response[bytes]:
            return front.page("index.html", PAGE_POLICY)

        @get("/assets/{name:str}", include_in_schema=False, sync_to_thread=False)
        def asset(name: FromPath[str]) -> Response[bytes]:
            return front.file(f"assets/{name}", cache="public, max-age=31536000, immutable")

        @get("/favicon.svg", include_in_schema=False, sync_to_thread=False)
        def icon() -> Response[bytes]:
            return front.file("favicon.svg", cache="public, max-age=86400")

        return Router("/", route_handlers=[page, asset, icon])

    def page(self, name: str, policy: str) -> Response[bytes]:
        """An HTML page under a content security policy."""
        response = self.file(name, cache="no-store")
        response.headers["content-security-policy"] = policy
        return response

    def file(self, name: str, *, cache: str) -> Response[bytes]:
        """One file; NotFound where the build has none of that name."""
        found = self.files.get(name)
        if found is None:
            raise NotFound
        return Response(found.content, media_type=found.media_type, headers={"cache-control": cache})


class DocsPage(OpenAPIRenderPlugin):
    """The API documentation at ``/schema``."""

    def __init__(self, front_end: FrontEnd) -> None:
        super().__init__(path="/")
        self._front_end = front_end

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        found = self._front_end.files.get("schema.html")
        if found is None:
            raise NotFound
        return found.content
