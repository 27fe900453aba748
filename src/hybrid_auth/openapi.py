"""The OpenAPI document: what each route can answer, errors included."""

from collections import defaultdict

from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.status_codes import HTTP_204_NO_CONTENT

from hybrid_auth.core import errors
from hybrid_auth.problems import MEDIA_TYPE, STATUS, Problem

_ANY = (errors.MalformedRequest, errors.PayloadTooLarge, errors.Unavailable)
_WITH_BODY = (errors.ValidationFailed, errors.UnsupportedMediaType)
_AUTHENTICATED = (errors.InvalidToken, errors.SessionRevoked)


def openapi_config(*, title: str, version: str, page: OpenAPIRenderPlugin | None) -> OpenAPIConfig:
    """The document at ``/schema/openapi.json``, and the page that shows it."""
    return OpenAPIConfig(
        title=title,
        version=version,
        path="/schema",
        render_plugins=[*([page] if page else []), JsonRenderPlugin()],
        use_handler_docstrings=False,
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    bearer_format="JWT",
                    description="An access token; valid only while its session lives.",
                )
            }
        ),
    )


def document_errors(handler: HTTPRouteHandler) -> None:
    """Add the problem documents a route of ours can answer: its own, and those any route of its kind can."""
    kind = handler.opt.get("hybrid_auth")
    if kind is None:
        return
    has_body = "data" in handler.parsed_fn_signature.parameters
    possible = [*_ANY, *handler.opt.get("errors", ())]
    possible += _WITH_BODY if has_body else ()
    possible += _AUTHENTICATED if kind == "authenticated" else ()
    by_status = defaultdict(set)
    for error in possible:
        by_status[STATUS[error]].add(error.code)
    documented = {
        status: ResponseSpec(
            data_container=Problem,
            media_type=MEDIA_TYPE,
            generate_examples=False,
            description=", ".join(f"`{code}`" for code in sorted(codes)),
        )
        for status, codes in sorted(by_status.items())
    }
    if handler.status_code == HTTP_204_NO_CONTENT:
        # Litestar takes `Response[None]` for a body of JSON.
        documented[HTTP_204_NO_CONTENT] = ResponseSpec(
            data_container=None, generate_examples=False, description="Request fulfilled, nothing follows"
        )
    handler.responses = {**documented, **(handler.responses or {})}
