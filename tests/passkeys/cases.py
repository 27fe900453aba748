"""Mutated ceremonies: what is changed, and the step of WebAuthn Level 3 that must end them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.authenticator import ORIGIN, Alteration, b64, unb64


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One mutation."""

    name: str
    step: str
    alter: Alteration
    finds_challenge: bool = True
    """Whether the service can tell which challenge is being answered; only then it is used up."""


def parameters(cases: list[Case]) -> list[Any]:
    """For `pytest.mark.parametrize`: the id of each case names its step."""
    return [pytest.param(case, id=f"{case.step}: {case.name}".replace("§", "")) for case in cases]


def response(**members: Any) -> Alteration:
    """Members of the response replaced; those that are None are left out."""

    def change(credential: dict[str, Any]) -> dict[str, Any]:
        merged = credential["response"] | members
        return credential | {"response": {name: value for name, value in merged.items() if value is not None}}

    return Alteration(credential=change)


def credential(**members: Any) -> Alteration:
    """Members of the credential replaced; those that are None are left out."""

    def change(found: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in (found | members).items() if value is not None}

    return Alteration(credential=change)


def client_data(**members: Any) -> Alteration:
    """Members of the client data replaced before signing; those that are None are left out."""

    def change(found: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in (found | members).items() if value is not None}

    return Alteration(client_data=change)


def challenge(change: Callable[[str], Any]) -> Alteration:
    """The challenge replaced by something made of it."""
    return Alteration(client_data=lambda found: found | {"challenge": change(found["challenge"])})


def text(change: Callable[[bytes], bytes]) -> Alteration:
    """The bytes of the client data replaced before signing."""
    return Alteration(client_data_bytes=change)


ORIGINS: dict[str, Any] = {
    "another scheme": ORIGIN.replace("http:", "https:"),
    "a subdomain": ORIGIN.replace("//", "//app."),
    "a longer name": ORIGIN.replace("localhost", "localhost.example.net"),
    "another port": ORIGIN.replace("8001", "8002"),
    "no port": "http://localhost",
    "a path": f"{ORIGIN}/",
    "upper case": ORIGIN.upper(),
    "white space": f"{ORIGIN} ",
    "an opaque origin": "null",
    "JSON null": json.loads("null"),
    "a list": [ORIGIN],
    "an app": "android:apk-key-hash:2jmj7l5rSw0yVb_vlWAYkK_YBwk",
}


def client_data_cases(section: str, *, kind: str, other: str) -> list[Case]:
    """What both ceremonies refuse of the client data: §7.1 steps 5 to 11, §7.2 steps 8 to 14."""
    first = {"§7.1": 5, "§7.2": 8}[section]

    def step(offset: int, name: str = "") -> str:
        return f"{section} step {first + offset} {name}".strip()

    unreadable = {
        "UTF-16": lambda data: data.decode().encode("utf-16"),
        "UTF-16 without a mark": lambda data: data.decode().encode("utf-16-le"),
        "UTF-32": lambda data: data.decode().encode("utf-32"),
        "invalid UTF-8": lambda data: data[:-1] + b',"x":"\xff"}',
        "overlong UTF-8": lambda data: data[:-1] + b',"x":"\xc0\xaf"}',
        "nothing": lambda data: b"",
    }
    no_object = {
        "no JSON": lambda data: b"{",
        "a number": lambda data: b"5",
        "a list": lambda data: b"[" + data + b"]",
        "a string": lambda data: json.dumps(data.decode()).encode(),
        "bytes after it": lambda data: data + b"{}",
        "depth": lambda data: b'{"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        "a number too long": lambda data: data[:-1] + b',"x":' + b"9" * 5_000 + b"}",
    }
    not_ours: dict[str, Callable[[str], Any]] = {
        "another one": lambda value: b64(bytes(32)),
        "truncated": lambda value: value[:-1],
        "padded": lambda value: value + "=",
        "white space": lambda value: value + " ",
        "other alphabet": lambda value: b64(unb64(value)[:-3] + b"\xfb\xef\xff").replace("-", "+").replace("_", "/"),
        "no Unicode text": lambda value: "\ud800" + value[1:],
        "a number": lambda value: 5,
        "a list": lambda value: [value],
        "null": lambda value: None,
        "very long": lambda value: value * 200,
    }
    types = {"the other ceremony": other, "a payment": "payment.get", "upper case": kind.upper(), "blank": f"{kind} "}
    crossings: dict[str, Any] = {"true": True, "text": "false", "a number": 0}
    made = [
        *(Case(name=n, step=step(0), alter=text(c), finds_challenge=False) for n, c in unreadable.items()),
        *(Case(name=n, step=step(1), alter=text(c), finds_challenge=False) for n, c in no_object.items()),
        *(Case(name=n, step=step(2, "type"), alter=client_data(type=v)) for n, v in types.items()),
        Case(name="no type", step=step(2, "type"), alter=client_data(type=None)),
        *(Case(name=n, step=step(3), alter=challenge(c), finds_challenge=False) for n, c in not_ours.items()),
        *(
            Case(name=n, step=step(4, "origin"), alter=Alteration(client_data=lambda d, v=v: d | {"origin": v}))  # type: ignore[misc]
            for n, v in ORIGINS.items()
        ),
        Case(name="no origin", step=step(4, "origin"), alter=client_data(origin=None)),
        *(Case(name=n, step=step(5, "crossOrigin"), alter=client_data(crossOrigin=v)) for n, v in crossings.items()),
        Case(name="another site", step=step(6, "topOrigin"), alter=client_data(topOrigin="https://example.com")),
        Case(name="our own site", step=step(6, "topOrigin"), alter=client_data(topOrigin=ORIGIN)),
    ]
    return made
