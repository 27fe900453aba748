"""For `dev`: mails are shown on the console instead of being sent."""

from collections.abc import Callable

import structlog

from hybrid_auth.core.background import Repeated
from hybrid_auth.core.database import SessionMaker
from hybrid_auth.core.errors import Unavailable
from hybrid_auth.mail.outbox import MailOutbox

INTERVAL = 0.5
log = structlog.get_logger(__name__)


class ConsoleSender:
    """Shows what is waiting, and forgets it."""

    def __init__(self, session_maker: SessionMaker, outbox: MailOutbox, show: Callable[[str, str, str], None]) -> None:
        self._session_maker = session_maker
        self._outbox = outbox
        self._show = show
        self._repeated = Repeated("mail-console", self._round, interval=INTERVAL)

    async def start(self) -> None:
        await self._repeated.start()

    async def stop(self) -> None:
        await self._repeated.stop()

    async def _round(self) -> None:
        try:
            for message in await self._outbox.take(self._session_maker):
                self._show(message.recipient, message.subject, message.text)
        except Unavailable:
            log.warning("mail_console.store_unavailable")
        except Exception:
            log.exception("mail_console.failed")
