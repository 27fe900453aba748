"""A step that a worker repeats beside answering requests."""

import asyncio
from collections.abc import Awaitable, Callable

STOP_SECONDS = 3.0
"""For the step under way when the worker stops; then it is cancelled, and not waited for any longer than this again."""


class Repeated:
    """Runs `step` every `interval` seconds, in one task, until stopped. `step` must not raise."""

    def __init__(self, name: str, step: Callable[[], Awaitable[None]], *, interval: float) -> None:
        self._name = name
        self._step = step
        self._interval = interval
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._stopping.clear()
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """End between two steps. A step that hangs in a store is cancelled; a shutdown never hangs with it."""
        task, self._task = self._task, None
        if task is None:
            return
        self._stopping.set()
        done, _ = await asyncio.wait({task}, timeout=STOP_SECONDS)
        if not done:
            task.cancel()
            await asyncio.wait({task}, timeout=STOP_SECONDS)

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._interval):
                    await self._stopping.wait()
            except TimeoutError:
                await self._step()
            else:
                return
