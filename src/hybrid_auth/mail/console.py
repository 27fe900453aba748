"""For `dev`: mails are shown on the console instead of being sent."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from hybrid_auth.core.database import SessionMaker
from hybrid_auth.core.errors import Unavailable
from hybrid_auth.mail.outbox import MailOutbox

INTERVAL = 0.5
log = structlog.get_logger(__name__)


class ConsoleSender:
    """One task that shows what is waiting."""

    def __init__(self, session_maker: SessionMaker, outbox: MailOutbox, show: Callable[[str, str, str], None]) -> None:
        self._session_maker = session_maker
        self._outbox = outbox
        self._show = show
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="mail-console")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                for message in await self._outbox.take(self._session_maker):
                    self._show(message.recipient, message.subject, message.text)
            except Unavailable:
                log.warning("mail_console.store_unavailable")
            except Exception:
                log.exception("mail_console.failed")
            await asyncio.sleep(INTERVAL)
