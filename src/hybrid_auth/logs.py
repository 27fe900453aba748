"""Logs: one line per event, for people or as JSON, secrets and control characters taken out.

structlog and the standard library's loggers (uvicorn, Litestar, SQLAlchemy) go through one handler. Start uvicorn with
``log_config=None, access_log=False``, or it installs handlers of its own.
"""

import json
import logging
import math
import re
import sys
from collections.abc import Mapping
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_REDACTED = "[redacted]"
_SECRET_PARTS = re.compile(
    r"passw|passphrase|secret|authorization|cookie|token|credential|otp|challenge|digest|private.?key|api.?key"
    r"|recovery.?code|(?:database|redis|smtp)_url|dsn|assertion|signature",
    re.IGNORECASE,
)
_SECRET_NAMES = frozenset({"code", "codes", "key", "keys", "mac", "body", "params", "parameters"})
# Last defence for secrets inside a message or a traceback: bearer tokens, JWTs, tokens in links, passwords in URLs.
_SECRET_TEXT = (
    (re.compile(r"\b(Bearer\s+)[^\s\"',;]+", re.IGNORECASE), rf"\1{_REDACTED}"),
    (re.compile(r"(?<![\w-])eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?"), _REDACTED),
    (re.compile(r"([#?&]\w*(?:token|code)=)[^\s&\"'#]+", re.IGNORECASE), rf"\1{_REDACTED}"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]{1,30}://)[^\s/@]+@", re.IGNORECASE), rf"\1{_REDACTED}@"),
)
# C0, DEL, C1, line and paragraph separators, bidirectional controls, lone surrogates: each can forge or hide a line.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_DEEPEST = 6
_LONGEST = 16_384
_QUIET = ("sqlalchemy.engine", "sqlalchemy.pool", "sqlalchemy.orm", "asyncio")
_ROUTED = (
    "uvicorn",
    "uvicorn.error",
    "uvicorn.access",
    "uvicorn.asgi",
    "litestar",
    "sqlalchemy",
    "alembic",
    "py.warnings",
)


def configure_logging(
    format: Literal["console", "json"],
    level: str = "INFO",
    *,
    stream: TextIO | None = None,
) -> None:
    """Send every event of `level` and above to `stream` (standard error when None), replacing what was configured.

    A JSON line begins with ``ts`` (RFC 3339, UTC), ``level`` and ``event``. Request and response bodies are logged
    nowhere. May be called again.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            redact,
            render_json if format == "json" else render_console,
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    for name in _ROUTED:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    # Below WARNING these would log SQL with its parameters, which hold digests, addresses and password hashes.
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
    # An access line holds the full path of every request; it is for debugging only.
    logging.getLogger("uvicorn.access").setLevel(logging.DEBUG if threshold <= logging.DEBUG else logging.WARNING)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def redact(logger: WrappedLogger, name: str, event_dict: EventDict) -> EventDict:
    """structlog processor: values under names that mean a secret, and secrets inside texts, become ``[redacted]``."""
    return {key: _clean(key, value, depth=0) for key, value in event_dict.items()}


def render_json(logger: WrappedLogger, name: str, event_dict: EventDict) -> str:
    """structlog renderer: one ASCII line, so no character can break it."""
    return json.dumps(_ordered(event_dict), default=_text, ensure_ascii=True)


def render_console(logger: WrappedLogger, name: str, event_dict: EventDict) -> str:
    """structlog renderer: ``time level event name=value …``; a traceback below it, marked so as to forge no event."""
    fields = _ordered(event_dict)
    below = [str(fields.pop(key)) for key in ("exception", "stack") if key in fields]
    head = f"{fields.pop('ts', '')} {escape(str(fields.pop('level', ''))):<8} {escape(str(fields.pop('event', '')))}"
    values = "".join(f"  {escape(str(key))}={_value(value)}" for key, value in fields.items())
    traceback = "".join(f"\n    | {escape(line)}" for text in below for line in text.split("\n"))
    return head + values + traceback


def escape(text: str) -> str:
    """Make control characters visible (``\\x1b``): no value can start a line of its own or drive the terminal."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def _ordered(event_dict: EventDict) -> dict[str, object]:
    first = {key: event_dict[key] for key in ("ts", "level", "event") if key in event_dict}
    return first | dict(event_dict)


def _value(value: object) -> str:
    text = value if isinstance(value, str) else _text(value)
    shown = escape(text)
    return json.dumps(shown, ensure_ascii=False) if re.search(r"[\s\"=]", shown) or not shown else shown


def _text(value: object) -> str:
    """A value that is no JSON type, as text. Its own code may fail; a log line must not."""
    try:
        return _scrub(str(value))
    except Exception:  # a broken __str__ may raise anything
        return f"<{type(value).__name__}>"


def _clean(key: str, value: object, *, depth: int) -> object:
    if key in _SECRET_NAMES or _SECRET_PARTS.search(key):
        return value if value is None or isinstance(value, bool) else _REDACTED
    if isinstance(value, str):
        return _scrub(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if depth >= _DEEPEST:
        return "[…]"
    if isinstance(value, Mapping):
        return {_scrub(str(name)): _clean(str(name), inner, depth=depth + 1) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", inner, depth=depth + 1) for inner in value]
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return _text(value)


def _scrub(text: str) -> str:
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    for pattern, replacement in _SECRET_TEXT:
        text = pattern.sub(replacement, text)
    return text
