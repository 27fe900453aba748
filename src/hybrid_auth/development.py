"""`hybrid-auth dev`: the whole service on one machine, with one command."""

import asyncio
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from sqlalchemy.ext.asyncio import async_sessionmaker

from hybrid_auth.app import create_app
from hybrid_auth.core.database import Transaction, create_engine
from hybrid_auth.dependencies import Services
from hybrid_auth.embedded.dev import DevStores, dev_secrets, wipe
from hybrid_auth.embedded.port import reserve_port
from hybrid_auth.logs import configure_logging
from hybrid_auth.migrations import upgrade
from hybrid_auth.passwords.repository import PasswordRows
from hybrid_auth.server import end_on_sigterm, run_on
from hybrid_auth.settings import Settings, load_settings

DEMO_EMAIL = "user@example.com"
DEMO_PASSWORD = "password123"  # noqa: S105 - the documented password of the demo account
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def run(*, host: str, port: int, data_dir: Path, reset: bool, env_file: Path, out: Console) -> None:
    """Start what is missing, serve until SIGTERM or Ctrl-C, stop all that was started."""
    end_on_sigterm()
    with reserve_port(host, port) as bound:
        port = bound.getsockname()[1]
        if reset:
            wipe(data_dir)
        defaults = {
            "HYBRID_AUTH_PUBLIC_URL": f"http://localhost:{port}",
            "HYBRID_AUTH_LOG_LEVEL": "warning",
        }
        settings = load_settings(env_file=env_file, defaults=defaults)
        if not settings.secret_keys:
            defaults["HYBRID_AUTH_SECRET_KEYS"] = dev_secrets(data_dir)
        stores = DevStores(data_dir, postgres=settings.database_url is None, redis=settings.redis_url is None)
        with stores:
            settings = load_settings(env_file=env_file, defaults=defaults, overrides=_embedded(stores, settings, host))
            configure_logging(settings.log_format, settings.log_level)
            upgrade(settings.database_url or "")
            app = create_app(settings, show_mail=lambda *mail: _show_mail(out, *mail), openapi=True)
            asyncio.run(make_demo_user(app.state.hybrid_auth, settings))
            out.print(_panel(settings, stores))
            run_on(bound, app)


def _embedded(stores: DevStores, settings: Settings, host: str) -> dict[str, str]:
    """What only `dev` knows: the stores it started, and the names it may be called by."""
    names = {*LOOPBACK, *settings.allowed_hosts, *([host] if host not in ("0.0.0.0", "::") else [])}  # noqa: S104
    return {
        **({"HYBRID_AUTH_DATABASE_URL": stores.database_url} if stores.database_url else {}),
        **({"HYBRID_AUTH_REDIS_URL": stores.redis_url} if stores.redis_url else {}),
        "HYBRID_AUTH_ALLOWED_HOSTS": ",".join(sorted(names)),
    }


async def make_demo_user(services: Services, settings: Settings) -> None:
    """The demo account, verified; made once, and left as it is from then on."""
    engine = create_engine(settings.database_url or "")
    try:
        async with Transaction(async_sessionmaker(engine, expire_on_commit=False)) as transaction:
            user_id = await services.accounts.create(
                transaction, email=DEMO_EMAIL, display_name="Demo user", verified=True
            )
            if user_id is not None:
                # Past the policy on purpose: the account is documented, and exists in `dev` only.
                encoded = await services.hasher.hash(DEMO_PASSWORD)
                await PasswordRows(transaction).put(user_id, encoded, now=services.config.clock.now())
    finally:
        await engine.dispose()


def _panel(settings: Settings, stores: DevStores) -> Panel:
    facts = Table.grid(padding=(0, 2))
    facts.add_row("Open", settings.public_url)
    facts.add_row("Sign in", f"{DEMO_EMAIL} / {DEMO_PASSWORD}")
    facts.add_row("API", f"{settings.public_url}/schema")
    facts.add_row("Mail", "shown here")
    facts.add_row("Data", str(stores.path))
    facts.add_row("Stop", "Ctrl-C; start with --reset to wipe the data")
    return Panel(facts, title="hybrid-auth dev", subtitle="for development only", expand=False, padding=(1, 2))


def _show_mail(out: Console, recipient: str, subject: str, text: str) -> None:
    # Not in a box: a link that is cut or wrapped cannot be followed.
    out.rule("Mail")
    out.print(f"To: {recipient}\nSubject: {subject}\n\n{text}", markup=False)
    out.rule()
