"""The project's own source, read as syntax trees."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PACKAGE = "hybrid_auth"
ROOT = REPOSITORY / "src" / PACKAGE


@dataclass(frozen=True)
class Module:
    """One module of the package; `name` is relative to it, such as ``sessions.service``."""

    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))

    @property
    def room(self) -> str:
        """The capability, ``core``, ``settings`` or ``embedded``; "" for what lies at the top."""
        return self.name.partition(".")[0] if (ROOT / self.name.partition(".")[0]).is_dir() else ""

    @property
    def role(self) -> str:
        """The last part of the name: ``service``, ``repository`` and so on."""
        return self.name.rpartition(".")[2]

    @cached_property
    def imported(self) -> frozenset[str]:
        """Every module or member that is imported, as a dotted name."""
        names = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
        return frozenset(names)

    @property
    def own_imports(self) -> Iterator["Module"]:
        """Modules of this package that are imported."""
        known = {module.name: module for module in modules()}
        for name in self.imported:
            inner = name.removeprefix(f"{PACKAGE}.")
            if inner != name:
                found = known.get(inner) or known.get(inner.rpartition(".")[0])
                if found is not None:
                    yield found

    def uses(self, *dotted: str) -> bool:
        """Whether a library, or a member of one, is imported or reached as an attribute of an imported module."""
        return any(
            name == wanted or name.startswith(f"{wanted}.")
            for name in self.imported | self._reached
            for wanted in dotted
        )

    @cached_property
    def _reached(self) -> frozenset[str]:
        """Attributes of what was imported, by their full names, such as ``os.environ``."""
        full: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                full |= {alias.asname: alias.name for alias in node.names if alias.asname}
                full |= {(root := alias.name.partition(".")[0]): root for alias in node.names if not alias.asname}
            elif isinstance(node, ast.ImportFrom):
                full |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        names = [ast.unparse(node) for node in ast.walk(self.tree) if isinstance(node, ast.Attribute)]
        return frozenset(
            f"{full[root]}.{rest}" for root, _, rest in (name.partition(".") for name in names) if root in full
        )


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or PACKAGE
        found.append(Module(name, path))
    return tuple(found)
