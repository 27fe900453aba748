"""The command line."""

import asyncio
import sys
from functools import partial
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.ext.asyncio import async_sessionmaker

from hybrid_auth import development, server
from hybrid_auth.app import create_app
from hybrid_auth.core.database import create_engine
from hybrid_auth.core.errors import ConfigurationError, Unavailable
from hybrid_auth.core.secretbox import SecretBox
from hybrid_auth.embedded.directory import EmbeddedStoreError
from hybrid_auth.migrations import upgrade
from hybrid_auth.rotation import Resealed, count_old, reseal
from hybrid_auth.server import ENV_FILE
from hybrid_auth.settings import Settings, check_production, generate_env, load_settings, production_warnings

err = Console(stderr=True, highlight=False, soft_wrap=True)
out = Console(highlight=False, soft_wrap=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hybrid-auth")
def cli() -> None:
    """Self-hosted sign-in: passwords, passkeys and two-factor over one revocable session service."""


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8001, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    default=Path(".hybrid-auth"),
    show_default=True,
    help="Where data is kept.",
)
@click.option("--reset", is_flag=True, help="Delete that data first.")
def dev(host: str, port: int, data_dir: Path, reset: bool) -> None:
    """Start everything for development: PostgreSQL, Redis, migrations, a demo user and the demo pages."""
    development.run(host=host, port=port, data_dir=data_dir, reset=reset, env_file=ENV_FILE, out=out)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8001, show_default=True, help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 256), help="Processes.")
@click.option("--insecure", is_flag=True, help="Start even with rate limits off.")
def serve(host: str, port: int, workers: int, insecure: bool) -> None:
    """Start the production server on the configured PostgreSQL and Redis; refuses unsafe settings."""
    settings = load_settings(env_file=ENV_FILE)
    if findings := check_production(settings, insecure=insecure):
        raise ConfigurationError(findings)
    for finding in production_warnings(settings):
        err.print(f"warning: {finding.setting}: {finding.problem} {finding.mend}", markup=False)
    server.serve(host=host, port=port, workers=workers, settings=settings)


@cli.command()
@click.option("--force", is_flag=True, help="Replace an existing .env; what was sealed with its keys is lost.")
def init(force: bool) -> None:
    """Write a .env with fresh secrets."""
    text = generate_env()
    try:
        if force:
            ENV_FILE.unlink(missing_ok=True)
        with open(ENV_FILE, "x", encoding="utf-8", opener=server.private_opener) as file:
            file.write(text)
    except FileExistsError:
        msg = ".env exists already. Remove it first, or use --force; what was sealed with its keys is lost then."
        raise click.ClickException(msg) from None
    out.print("Wrote .env with fresh secrets. Fill in the addresses, then run: hybrid-auth migrate")


@cli.command()
def migrate() -> None:
    """Bring the schema of the configured database to the newest revision."""
    settings = load_settings(env_file=ENV_FILE)
    try:
        upgrade(_database_url(settings))
    except OSError as error:
        msg = f"The database cannot be reached: {error.strerror or error}."
        raise click.ClickException(msg) from None
    out.print("The schema is up to date.")


def _database_url(settings: Settings) -> str:
    if not settings.database_url:
        msg = "HYBRID_AUTH_DATABASE_URL is not set. Name the database, as postgresql+asyncpg://user:password@host/name"
        raise click.ClickException(msg)
    return settings.database_url


@cli.group()
def keys() -> None:
    """The keys in HYBRID_AUTH_SECRET_KEYS."""


@keys.command()
def rotate() -> None:
    """Seal everything anew with the newest secret key, while the service runs; afterwards older ones can go.

    May be stopped and started again at any time.
    """
    settings = load_settings(env_file=ENV_FILE)
    if not settings.secret_keys:
        msg = "HYBRID_AUTH_SECRET_KEYS is not set. Name the new key first and the old ones behind it."
        raise click.ClickException(msg)
    try:
        resealed = asyncio.run(_reseal(_database_url(settings), SecretBox(settings.secret_keys)))
    except Unavailable as error:
        raise click.ClickException("The database cannot be reached.") from error
    if resealed.unreadable:
        msg = (
            f"{resealed.unreadable} values open with none of the configured keys and were left as they are. "
            "Add the key they were sealed with behind the others, and run this again."
        )
        raise click.ClickException(msg)
    out.print(f"{resealed.done} values were sealed anew. Nothing is sealed with an older key any more.")


async def _reseal(database_url: str, box: SecretBox) -> Resealed:
    engine = create_engine(database_url)
    maker = async_sessionmaker(engine, expire_on_commit=False)
    try:
        with Progress(console=err) as bar:
            task = bar.add_task("Sealing anew", total=await count_old(maker, box))
            return await reseal(maker, box, progress=partial(bar.advance, task))
    finally:
        await engine.dispose()


@cli.command()
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write; standard output if not given."
)
def openapi(output: Path | None) -> None:
    """Write the OpenAPI document."""
    text = openapi_document()
    if output is None:
        click.echo(text.decode(), nl=False)
    else:
        output.write_bytes(text)


def openapi_document() -> bytes:
    """The OpenAPI document as JSON with sorted keys, the same on every machine."""
    settings = Settings(
        database_url="postgresql+asyncpg://localhost/none", redis_url="redis://localhost", secret_keys=("openapi",)
    )
    schema = create_app(settings, openapi=True).openapi_schema.to_schema()
    return msgspec.json.format(msgspec.json.encode(schema, order="deterministic"), indent=2) + b"\n"


def main() -> None:
    """Entry point: what goes wrong before a server stands is told in one sentence each, with exit code 1."""
    try:
        cli(standalone_mode=False)
    except ConfigurationError as error:
        for finding in error.findings:
            err.print(f"{finding.setting}: {finding.problem} {finding.mend}", markup=False)
        sys.exit(1)
    except EmbeddedStoreError as error:
        err.print(str(error), markup=False)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
