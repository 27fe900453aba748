"""What makes the source one text."""

import ast

from tests.architecture.source import modules

MOST_LINES = 400


def public_classes() -> list[tuple[str, ast.ClassDef]]:
    return [
        (module.name, node)
        for module in modules()
        for node in module.tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]


def test_every_file_can_be_read_at_a_sitting() -> None:
    """A module that grows past this is two modules."""
    lengths = {module.name: len(module.path.read_text(encoding="utf-8").splitlines()) for module in modules()}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_every_module_says_what_it_is() -> None:
    """One sentence at its top; an empty ``__init__`` needs none."""
    assert [
        module.name for module in modules() if module.tree.body and not (ast.get_docstring(module.tree) or "").strip()
    ] == []


def test_every_public_class_says_what_it_is() -> None:
    """Shapes on the wire are described in the OpenAPI document, errors by their `detail`; all others say it here."""
    wrong = [
        f"{name}.{node.name}"
        for name, node in public_classes()
        if not ast.get_docstring(node)
        and name != "core.errors"
        and not name.endswith(".schemas")
        and not any("Struct" in ast.unparse(base) for base in node.bases)
    ]
    assert wrong == []


def test_names_are_those_of_the_standards() -> None:
    """A thing that manages, helps or handles has not been named yet."""
    vague = ("Manager", "Helper", "Util", "Utils", "Handler")
    assert [f"{name}.{node.name}" for name, node in public_classes() if node.name.endswith(vague)] == []
