"""Text made from the settings themselves: docs/configuration.md and the `.env` that `hybrid-auth init` writes."""

import ast
import inspect
from itertools import pairwise
from types import UnionType
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

from hybrid_auth.core.config import Argon2Profile
from hybrid_auth.core.tokens import random_token
from hybrid_auth.settings.model import SECRET_FIELDS, Settings, variable

_HINTS = get_type_hints(Settings, include_extras=True)
_DERIVED = frozenset({"issuer", "audience", "rp_id", "mail_from", "allowed_origins", "allowed_hosts"})
_INTRODUCTION = """\
# Configuration

<!-- Made from src/hybrid_auth/settings/model.py by configuration_reference(); a test compares the two. -->

Settings are environment variables, also read from a file `.env` in the working directory; the environment wins. An
empty value counts as not set. A name that begins with `HYBRID_AUTH_` and is not listed here is refused. Secrets can be
kept in files: `HYBRID_AUTH_SECRET_KEYS_FILE=/run/secrets/keys` in place of `HYBRID_AUTH_SECRET_KEYS`; both at once are
refused. Times are whole seconds. `hybrid-auth init` writes a `.env` with fresh secrets.

`hybrid-auth serve` refuses to start, and says how to mend it, on missing or example secrets, plain HTTP on a public
name, missing stores, rate limits that are off, an RP ID that does not fit the public host, metrics open to a public
network, and proxies that trust everybody.

| setting | value | default | what it does |
|---|---|---|---|
"""


def configuration_reference() -> str:
    """docs/configuration.md."""
    rows = []
    for field, text in _descriptions().items():
        names = f"`{variable(field)}`" + (" (or `…_FILE`)" if field in SECRET_FIELDS else "")
        default = f"`{_default(field)}`" if _default(field) else ""
        rows.append(f"| {names} | {_kind(field)} | {default} | {text.replace('|', chr(92) + '|')} |")
    return _INTRODUCTION + "\n".join(rows) + "\n"


def generate_env() -> str:
    """A commented `.env` with a fresh secret key; everything else stands at its default, commented out."""
    lines = ["# Settings of hybrid-auth. Keep this file secret: whoever reads it can open what is sealed."]
    for field, text in _descriptions().items():
        lines += ["", f"# {text}"]
        if field == "secret_keys":
            lines.append(f"{variable(field)}={random_token()}")
        else:
            lines.append(f"# {variable(field)}={_default(field)}")
    return "\n".join(lines) + "\n"


def _descriptions() -> dict[str, str]:
    """Field docstrings in order. Python keeps none at run time, so they are read from the source."""
    classes = [node for node in ast.parse(inspect.getsource(Settings)).body if isinstance(node, ast.ClassDef)]
    found: dict[str, str] = {}
    for field, text in pairwise(classes[0].body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(docstring))):
                found[name] = " ".join(docstring.split())
    return found


def _default(field: str) -> str:
    if field in _DERIVED:
        return ""
    value = getattr(Settings(), field)
    if isinstance(value, Argon2Profile):
        return "owasp"
    return ",".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else str(value)


def _kind(field: str) -> str:
    hint = _HINTS[field]
    if get_origin(hint) is UnionType or type(None) in get_args(hint):
        hint = get_args(hint)[0]
    if get_origin(hint) is Annotated:
        bounds = get_args(hint)[1]
        return f"{bounds.ge}–{bounds.le}"
    if get_origin(hint) is Literal:
        return " \\| ".join(f"`{word}`" for word in get_args(hint))
    if hint is Argon2Profile:
        return "profile"
    return "list, by commas" if get_origin(hint) in (tuple, frozenset) else "text"
