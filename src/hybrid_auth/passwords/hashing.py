"""Argon2id (RFC 9106) off the event loop, with a bounded queue. The only module that knows `argon2`."""

import asyncio
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import structlog
from argon2.exceptions import VerificationError, VerifyMismatchError
from argon2.low_level import Type, hash_secret, verify_secret

from hybrid_auth.core.config import Argon2Profile
from hybrid_auth.core.errors import HashingCapacityExceeded
from hybrid_auth.core.tokens import random_bytes
from hybrid_auth.passwords.policy import normalise

Result = TypeVar("Result")
_SALT_BYTES = 16
_HASH_BYTES = 32
# 22 and 43 characters of base64 are 16 bytes of salt and 32 of hash; imported hashes may have others.
_ENCODED = re.compile(
    r"\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})"
)
_MOST_MEMORY_KIB = 1_048_576
_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `PasswordHasher.verify` found."""

    ok: bool
    """The password is the one that was hashed."""
    needs_rehash: bool
    """It is right, and its hash was made with other parameters than today's."""


class PasswordHasher:
    """Hashes and verifies passwords; NFC, then UTF-8, nothing else is changed (no trim, no case, no truncation)."""

    def __init__(self, profile: Argon2Profile, *, workers: int, queue: int) -> None:
        """`workers` hashes run at the same time, `queue` more may wait."""
        self.profile = profile
        self.evaluations = 0
        """Argon2 computations asked for so far; every `hash` and every `verify` is exactly one."""
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="argon2")
        self._free = threading.Semaphore(workers + queue)
        self._dummy = self._hash(random_bytes(_HASH_BYTES))

    async def hash(self, password: str) -> str:
        """The encoded hash (PHC string) under a fresh salt; HashingCapacityExceeded when the queue is full."""
        secret = normalise(password).encode("utf-8")
        return await self._evaluate(lambda: self._hash(secret))

    async def verify(self, encoded: str | None, password: str) -> Verdict:
        """Compare with a stored hash; None stands for "there is no such account or it has no password".

        Threat: telling accounts apart by time. None and a malformed hash cost the same work on a dummy hash. A hash
        made with other parameters costs what it costs until its owner's next sign-in renews it. HashingCapacityExceeded
        when the queue is full.
        """
        # A lone surrogate is encodable this way and equals no hash that `hash` ever made.
        secret = normalise(password).encode("utf-8", "surrogatepass")
        stored = encoded if encoded is not None and self._parse(encoded) else None
        if encoded is not None and stored is None:
            _log.error("password_hash_malformed")
        matches = await self._evaluate(lambda: _matches(stored or self._dummy, secret))
        if stored is None or not matches:
            return Verdict(ok=False, needs_rehash=False)
        return Verdict(ok=True, needs_rehash=self._parse(stored) != (self.profile, _SALT_BYTES, _HASH_BYTES))

    async def off_loop(self, work: Callable[[], Result]) -> Result:
        """Other costly work about passwords, under the same bound; HashingCapacityExceeded when the queue is full."""
        return await self._submit(work)

    def close(self) -> None:
        """Finish what waits, then end the threads."""
        self._pool.shutdown(wait=True)

    def _hash(self, secret: bytes) -> str:
        return hash_secret(
            secret,
            random_bytes(_SALT_BYTES),
            time_cost=self.profile.time_cost,
            memory_cost=self.profile.memory_kib,
            parallelism=self.profile.parallelism,
            hash_len=_HASH_BYTES,
            type=Type.ID,
        ).decode("ascii")

    @staticmethod
    def _parse(encoded: str) -> tuple[Argon2Profile, int, int] | None:
        """Profile, salt and hash length in bytes; None for what no Argon2id of sane cost wrote.

        Threat: a row changed to ask for many gigabytes would take the process down at the next sign-in.
        """
        match = _ENCODED.fullmatch(encoded)
        if match is None:
            return None
        profile = Argon2Profile(time_cost=int(match[2]), memory_kib=int(match[1]), parallelism=int(match[3]))
        if profile.time_cost < 1 or not 8 * max(profile.parallelism, 1) <= profile.memory_kib <= _MOST_MEMORY_KIB:
            return None
        return profile, len(match[4]) * 3 // 4, len(match[5]) * 3 // 4

    async def _evaluate(self, work: Callable[[], Result]) -> Result:
        waiting = self._submit(work)
        self.evaluations += 1
        return await waiting

    def _submit(self, work: Callable[[], Result]) -> "asyncio.Future[Result]":
        if not self._free.acquire(blocking=False):
            raise HashingCapacityExceeded
        try:
            future = self._pool.submit(work)
        except RuntimeError:
            # The pool is closed: the service is going down.
            self._free.release()
            raise HashingCapacityExceeded from None
        # Released by the work, not by the waiting: a caller that gave up must not make room while its hash still runs.
        future.add_done_callback(self._release)
        return asyncio.wrap_future(future)

    def _release(self, _: Future[Result]) -> None:
        self._free.release()


def _matches(encoded: str, secret: bytes) -> bool:
    try:
        return verify_secret(encoded.encode("ascii"), secret, Type.ID)
    except VerifyMismatchError:
        return False
    except VerificationError as error:
        _log.error("password_hash_malformed", reason=str(error))
        return False
