"""The schema, by Alembic only. The migrations travel inside the wheel."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def scripts() -> Path:
    """Where the migrations are: inside the wheel, or at the top of a checkout."""
    here = Path(__file__).parent
    packaged = here / "_alembic"
    return packaged if packaged.is_dir() else here.parent.parent / "alembic"


def upgrade(database_url: str) -> None:
    """Bring the schema of a database to the newest revision; safe to run from several nodes at once."""
    config = Config()
    config.set_main_option("script_location", str(scripts()))
    config.attributes["database_url"] = database_url
    command.upgrade(config, "head")
