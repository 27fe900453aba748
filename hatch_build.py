"""What a wheel carries beside the package: the migrations, and the built front end."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Carried(BuildHookInterface):  # type: ignore[type-arg]
    """Adds both to a wheel. An editable install finds them in the checkout instead, and needs neither built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        front_end = Path(self.root, "frontend-demo", "dist")
        if not (front_end / "index.html").is_file():
            msg = "The front end is not built, so the package would have no pages. Run `make setup` first."
            raise RuntimeError(msg)
        if self.target_name == "wheel":
            build_data["force_include"][str(Path(self.root, "alembic"))] = "hybrid_auth/_alembic"
            build_data["force_include"][str(front_end)] = "hybrid_auth/_frontend"
