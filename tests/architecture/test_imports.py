"""The import rules of docs/architecture.md."""

import ast

import pytest

from tests.architecture.source import Module, modules

CHAIN = (
    {"passwords", "passkeys", "totp", "recovery_codes"},
    {"signin"},
    {"accounts"},
    {"sessions"},
    {"audit", "ratelimit", "mail"},
    {"core"},
)
EDGE = {"", "settings", "embedded"}
"""Composition: what lies directly in the package, and the two folders beside it."""

WEB = {"controller", "schemas", "responses", "cookies"}
"""The modules of a capability that speak HTTP; all others are services, repositories, models or pure."""


def floor(module: Module) -> int:
    """How far down a module lies; the edge is above everything."""
    return next((depth for depth, rooms in enumerate(CHAIN, 1) if module.room in rooms), 0)


def test_every_room_has_its_place_in_the_chain() -> None:
    """A new folder is put into the chain, not beside it."""
    known = EDGE.union(*CHAIN)
    assert {module.room for module in modules()} <= known


def test_imports_lead_downward_and_never_sideways() -> None:
    """Rule 1: edge → ways to prove who you are → signin → accounts → sessions → audit, ratelimit, mail → core."""
    wrong = [
        f"{module.name} imports {other.name}"
        for module in modules()
        for other in module.own_imports
        if module.room != other.room and floor(module) and floor(other) <= floor(module)
    ]
    assert wrong == []


def test_nobody_imports_the_edge_but_the_edge() -> None:
    """What composes the rooms is not known to any of them."""
    wrong = [
        f"{module.name} imports {other.name}"
        for module in modules()
        for other in module.own_imports
        if floor(module) and not floor(other)
    ]
    assert wrong == []


def test_embedded_stores_and_settings_know_no_capability() -> None:
    """Both use `core` and nothing else of the house, so that either can be read alone."""
    wrong = [
        f"{module.name} imports {other.name}"
        for module in modules()
        for other in module.own_imports
        if module.room in {"embedded", "settings"} and other.room not in {module.room, "core"}
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("roles", "forbidden"),
    [
        ({"models"}, {"repository", "service", *WEB}),
        ({"repository"}, {"service", *WEB}),
    ],
    ids=["models", "repository"],
)
def test_layers_of_a_capability(roles: set[str], forbidden: set[str]) -> None:
    """Rule 2: controller → service → repository → models."""
    wrong = [
        f"{module.name} imports {other.name}"
        for module in modules()
        for other in module.own_imports
        if floor(module) and module.role in roles and other.role in forbidden
    ]
    assert wrong == []


def test_services_know_neither_the_framework_nor_the_wire() -> None:
    """Rule 2: within a capability only the modules that speak HTTP import Litestar, or schemas."""
    capabilities = set().union(*CHAIN) - {"core"}
    inner = [module for module in modules() if module.room in capabilities and module.role not in WEB]
    assert [module.name for module in inner if module.uses("litestar")] == []
    assert [
        f"{module.name} imports {other.name}"
        for module in inner
        for other in module.own_imports
        if other.room in capabilities and other.role in WEB
    ] == []


def test_only_the_edge_imports_controllers() -> None:
    """A controller is mounted, never called."""
    wrong = [
        f"{module.name} imports {other.name}"
        for module in modules()
        for other in module.own_imports
        if floor(module) and other.role == "controller" and module.name != other.name
    ]
    assert wrong == []


def test_imports_stand_at_the_top() -> None:
    """Rule 4: Litestar, msgspec and SQLAlchemy read annotations at run time, so every name must be there."""
    wrong = []
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If | ast.Try):
                wrong += [
                    f"{module.name}:{inner.lineno}"
                    for inner in ast.walk(node)
                    if isinstance(inner, ast.Import | ast.ImportFrom)
                ]
        wrong += [
            f"{module.name}: {name}"
            for name in module.imported
            if name == "typing.TYPE_CHECKING" or name.startswith("__future__.")
        ]
    assert wrong == []
