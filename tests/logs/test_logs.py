"""Logs are one line per event, hold no secret and cannot be forged."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from hybrid_auth.logs import configure_logging, escape, redact, render_console, render_json


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def configured(format: Literal["console", "json"], level: str = "INFO") -> io.StringIO:
    """Logging into a text that the test can read."""
    stream = io.StringIO()
    configure_logging(format, level, stream=stream)
    return stream


def test_json_line_begins_with_time_level_event() -> None:
    """An event is one JSON object with its time in UTC."""
    stream = configured("json")
    structlog.stdlib.get_logger("hybrid_auth.sessions").info("session_revoked", sid="1", cause="logout", n=2)
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert list(event)[:3] == ["ts", "level", "event"]
    offset = datetime.fromisoformat(event.pop("ts")).utcoffset()
    assert offset is not None
    assert not offset
    assert event == {
        "level": "info",
        "event": "session_revoked",
        "sid": "1",
        "cause": "logout",
        "n": 2,
        "logger": "hybrid_auth.sessions",
    }


@pytest.mark.parametrize("name", ["uvicorn.error", "litestar", "sqlalchemy.pool", "anything"])
def test_standard_library_loggers_take_the_same_way(name: str) -> None:
    """Libraries that log by `logging` give the same lines, secrets taken out."""
    stream = configured("json")
    logging.getLogger(name).warning("failed for %s", "redis://user:hunter2@cache:6379")
    event = json.loads(stream.getvalue())
    assert (event["event"], event["level"], event["logger"]) == (
        "failed for redis://[redacted]@cache:6379",
        "warning",
        name,
    )


def test_level_is_respected_and_sql_is_never_logged() -> None:
    """Below the level nothing is written; SQL and its parameters not even at debug."""
    stream = configured("json")
    structlog.stdlib.get_logger("a").debug("quiet")
    logging.getLogger("uvicorn.access").info("GET /?token=1")
    assert stream.getvalue() == ""
    stream = configured("json", "debug")
    logging.getLogger("sqlalchemy.engine.Engine").info("SELECT hunter2")
    structlog.stdlib.get_logger("a").debug("loud")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["loud"]


def test_configuring_again_does_not_double_lines() -> None:
    """The second configuration replaces the first, and uvicorn's own handlers."""
    logging.getLogger("uvicorn").addHandler(logging.StreamHandler(io.StringIO()))
    first, second = configured("json"), configured("console")
    logging.getLogger("uvicorn").error("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


def test_warnings_become_log_lines() -> None:
    """A Python warning does not break the one-line-per-event rule."""
    stream = configured("json")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        # catch_warnings put the plain function back in front of logging's.
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("old way", UserWarning, stacklevel=1)
    assert "old way" in json.loads(stream.getvalue())["event"]


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password",
        "token",
        "refresh_token",
        "mfa_token",
        "code",
        "secret",
        "secret_keys",
        "Authorization",
        "set-cookie",
        "cookies",
        "credential",
        "recovery_codes",
        "totp",
        "database_url",
        "body",
        "apiKey",
    ],
)
@pytest.mark.parametrize("format", ["json", "console"])
def test_values_under_secret_names_are_redacted(name: str, format: Literal["json", "console"]) -> None:
    """At any depth, whatever the value is."""
    stream = configured(format)
    values = {name: "hunter2", "nested": {"list": [{name: ["hunter2"]}]}}
    structlog.stdlib.get_logger("a").info("login_failed", **values)
    assert "hunter2" not in stream.getvalue()
    assert stream.getvalue().count("[redacted]") == 2


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hunter2.abc",
        "eyJhbGciOiJFUzI1NiJ9.eyJodW50ZXIyIjoxfQ.hunter2",
        "https://id.example.com/reset-password#token=hunter2",
        "GET /?access_token=hunter2&x=1",
        "postgresql+asyncpg://auth:hunter2@db:5432/auth",
    ],
)
def test_secrets_inside_texts_are_redacted(text: str) -> None:
    """Messages and tracebacks are searched for what looks like a secret."""
    stream = configured("json")
    try:
        raise ValueError(text)
    except ValueError:
        structlog.stdlib.get_logger("a").exception(text, detail=text)
    assert "hunter2" not in stream.getvalue()
    assert json.loads(stream.getvalue())["exception"].startswith("Traceback")


def test_console_line_cannot_be_forged() -> None:
    """A line break or terminal code in a value is shown, not obeyed; tracebacks are marked."""
    stream = configured("console")
    log = structlog.stdlib.get_logger("a")
    log.info("signed_in", user_agent="x\n2026-11-23T00:00:00Z info forged \x1b[2J\x9b\u2028\u202e")
    try:
        raise ValueError("one\n2026-11-23T00:00:00Z info forged")
    except ValueError:
        log.exception("failed")
    lines = stream.getvalue().splitlines()
    assert all(line.startswith("    | ") or "signed_in" in line or "failed" in line for line in lines)
    assert "\\x1b[2J" in lines[0]
    assert not set("\x1b\x9b\u2028\u202e") & set(stream.getvalue())


@given(
    st.dictionaries(
        st.text(max_size=10), st.text() | st.binary() | st.floats() | st.none() | st.lists(st.text()), max_size=4
    )
)
def test_any_values_give_one_line(values: dict[str, object]) -> None:
    """Whatever is logged is one line in either form, and strict JSON in the one."""
    event = redact(None, "info", {"event": "e", "ts": "t", "level": "info", "values": values, **{"x": str(values)}})
    line = render_json(None, "info", event)
    assert json.loads(line, parse_constant=pytest.fail)["event"] == "e"
    assert len(line.splitlines()) == 1
    assert len(render_console(None, "info", event).splitlines()) == 1


@given(st.text())
def test_escaped_text_has_no_control_characters_and_encodes(text: str) -> None:
    """Escaping leaves plain text alone and nothing dangerous behind."""
    shown = escape(text)
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")
    assert escape(shown) == shown


def test_value_that_cannot_be_shown_does_not_fail_the_log() -> None:
    """An object whose text fails is named by its type; a long one is cut; a deep one ends."""

    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

    deep: list[object] = []
    deep.append(deep)
    stream = configured("json")
    structlog.stdlib.get_logger("a").info("e", broken=Broken(), long="x" * 100_000, deep=deep)
    event = json.loads(stream.getvalue())
    assert event["broken"] == "<Broken>"
    assert len(event["long"]) < 20_000
