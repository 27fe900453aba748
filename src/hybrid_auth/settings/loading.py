"""From environment variables, `.env` and secret files to `Settings`, with every problem told at once."""

import difflib
import os
from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from dotenv import dotenv_values

from hybrid_auth.core.config import Argon2Profile
from hybrid_auth.core.errors import ConfigurationError, Finding
from hybrid_auth.settings.model import ARGON2_PROFILES, PREFIX, SECRET_FIELDS, Network, Settings, variable
from hybrid_auth.settings.production import check_settings

_HINTS = get_type_hints(Settings, include_extras=True)
_NAMES = {variable(field): field for field in Settings.__struct_fields__}
_FILE_NAMES = {f"{variable(field)}_FILE": variable(field) for field in SECRET_FIELDS}
_FILE_LIMIT = 65_536


def load_settings(
    environ: Mapping[str, str] | None = None,
    *,
    env_file: Path | None,
    overrides: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings; ConfigurationError carries every finding.

    `environ` is the process's own when None. Of `overrides`, the environment, `env_file` and `defaults` the first that
    gives a value wins; all four are keyed by variable name. An empty value counts as not set, an `env_file` that does
    not exist as empty. Names that begin with ``HYBRID_AUTH_`` and are no setting are refused: a misspelt setting must
    not silently keep its default.
    """
    findings: list[Finding] = []
    layers = (overrides or {}, os.environ if environ is None else environ, _read_env_file(env_file, findings))
    values: dict[str, str] = {}
    for layer in (*layers, defaults or {}):
        values = _read_layer(layer, findings) | values
    converted = {_NAMES[name]: _convert(name, text, findings) for name, text in values.items()}
    fields: dict[str, Any] = {field: value for field, value in converted.items() if value is not None}
    settings = Settings(**fields)
    reported = {finding.setting for finding in findings}
    findings += [finding for finding in check_settings(settings) if finding.setting not in reported]
    if findings:
        raise ConfigurationError(findings)
    return settings


def _read_env_file(path: Path | None, findings: list[Finding]) -> dict[str, str]:
    if path is None or not path.exists():
        return {}
    try:
        values = dotenv_values(path, interpolate=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        findings.append(
            Finding(str(path), "cannot be read.", "Make it a readable UTF-8 text file of NAME=value lines.")
        )
        return {}
    for name in values:
        if values[name] is None and name.startswith(PREFIX):
            findings.append(Finding(name, f"has no value in {path}.", f"Write {name}=value, or remove the line."))
    return {name: value for name, value in values.items() if value is not None}


def _read_layer(layer: Mapping[str, str], findings: list[Finding]) -> dict[str, str]:
    """The settings of one layer, secret files read."""
    values: dict[str, str] = {}
    for name in sorted(key for key in layer if key.startswith(PREFIX)):
        text = layer[name].strip()
        if name not in _NAMES and name not in _FILE_NAMES:
            near = difflib.get_close_matches(name, [*_NAMES, *_FILE_NAMES], n=1, cutoff=0.75)
            mend = f"Did you mean {near[0]}?" if near else "Remove it; docs/configuration.md lists the settings."
            findings.append(Finding(name, "is not a setting.", mend))
        elif text and name in _FILE_NAMES:
            plain = _FILE_NAMES[name]
            if layer.get(plain, "").strip():
                findings.append(Finding(plain, f"is set, and {name} too.", "Keep one of the two."))
            else:
                values[plain] = _read_secret_file(name, Path(text), findings)
        elif text:
            values[name] = text
    return {name: text for name, text in values.items() if text}


def _read_secret_file(name: str, path: Path, findings: list[Finding]) -> str:
    mend = f"Let {name} name a readable text file that holds nothing but the value."
    try:
        with path.open("rb") as file:
            text = file.read(_FILE_LIMIT + 1).decode("utf-8").strip()
    except (OSError, ValueError):
        findings.append(Finding(name, f"names a file that cannot be read: {path}.", mend))
        return ""
    if not text or len(text) > _FILE_LIMIT:
        findings.append(Finding(name, f"names a file that is empty or too large: {path}.", mend))
        return ""
    return text


def _convert(name: str, text: str, findings: list[Finding]) -> object:
    """The typed value of one setting, or None with a finding. Messages never repeat the text: it may be a secret."""
    hint = _HINTS[_NAMES[name]]
    try:
        return _parse(hint, text)
    except ValueError as error:
        findings.append(Finding(name, "cannot be used as it is.", str(error)))
        return None


def _parse(hint: object, text: str) -> object:
    kind, arguments = get_origin(hint), get_args(hint)
    if kind is UnionType or (kind is not Literal and type(None) in arguments):
        hint = next(argument for argument in arguments if argument is not type(None))
        kind, arguments = get_origin(hint), get_args(hint)
    if hint is Argon2Profile:
        return parse_argon2(text)
    if kind is Annotated:
        bounds = arguments[1]
        try:
            return msgspec.convert(text, hint, strict=False)
        except msgspec.ValidationError:
            raise ValueError(f"Write a whole number from {bounds.ge} to {bounds.le}.") from None
    if kind is Literal:
        if text.lower() not in arguments:
            raise ValueError(f"Write one of: {', '.join(arguments)}.")
        return text.lower()
    if kind in (tuple, frozenset):
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        return _networks(entries) if arguments[0] == Network else kind(entries)
    return text


def _networks(entries: Sequence[str]) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(entry) for entry in entries)
    except ValueError:
        raise ValueError("Write addresses or networks as 10.0.0.0/8,fd00::/8, without host bits.") from None


def parse_argon2(text: str) -> Argon2Profile:
    """`owasp`, `rfc9106` or ``passes,KiB,lanes``; ValueError otherwise. The floor is judged by `check_settings`."""
    if profile := ARGON2_PROFILES.get(text.lower()):
        return profile
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise ValueError("Write owasp, rfc9106, or three whole numbers: passes,KiB,lanes.")
    time_cost, memory_kib, parallelism = map(int, parts)
    return Argon2Profile(time_cost=time_cost, memory_kib=memory_kib, parallelism=parallelism)
