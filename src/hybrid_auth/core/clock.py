"""The only place that reads the clock, so that a test can hand in another one."""

import time
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that never go back, for measuring only."""
    return time.monotonic()


def whole_seconds(moment: datetime) -> datetime:
    """The form times have in answers: RFC 3339 without a fraction."""
    return moment.replace(microsecond=0)
