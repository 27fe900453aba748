"""Sessions and principals in Redis: every step that touches more than one key is one Lua script.

All keys of a person carry the hash tag ``{user id}``, so that a script finds them on one node of a cluster. A record is
two JSON lines: a header that the scripts read and change, and the rest.

    n  epoch of the node it was written to      u  user epoch          g  generation       r  rotated at, ms
    x  absolute expiry, ms                      d  salt digest, hex    t  transport
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from hybrid_auth.core.principal import Principal
from hybrid_auth.core.redis import Argument, RedisNode, Script
from hybrid_auth.core.tokens import random_token
from hybrid_auth.sessions.refresh_tokens import RefreshToken
from hybrid_auth.sessions.session import Session, Transport

TOMBSTONE_LIFE = timedelta(days=1)
"""PostgreSQL remembers a revocation for ever; the tombstone answers without asking it."""
TICKET_LIFE = timedelta(seconds=10)
PRINCIPAL_LIFE = timedelta(days=1)

_PACKAGE = "hybrid_auth.sessions.lua"
_TICKET, _STORE, _REFRESH = Script(_PACKAGE, "ticket"), Script(_PACKAGE, "store"), Script(_PACKAGE, "refresh")
_RAISE, _BURY, _STALE = Script(_PACKAGE, "raise"), Script(_PACKAGE, "bury"), Script(_PACKAGE, "stale")


class _Header(msgspec.Struct, frozen=True):
    n: str
    u: int
    g: int
    r: int
    x: int
    d: str
    t: Transport


class _Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What the scripts never read."""

    created_at: datetime
    authenticated_at: datetime
    strongly_authenticated_at: datetime | None
    amr: tuple[str, ...]
    aal: int
    ip: str | None
    user_agent: str | None


class _PrincipalHeader(msgspec.Struct, frozen=True):
    n: str
    u: int


_header = msgspec.json.Decoder(_Header)
_payload = msgspec.json.Decoder(_Payload)
_principal_header = msgspec.json.Decoder(_PrincipalHeader)
_principal = msgspec.json.Decoder(Principal)
_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one look into Redis showed. A record that does not count is None."""

    buried: bool
    session: Session | None
    principal: Principal | None

    @property
    def usable(self) -> bool:
        """Both are there and of the same user epoch."""
        return (
            self.session is not None
            and self.principal is not None
            and self.session.user_epoch == self.principal.session_epoch
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What the refresh script decided; `session` and `principal` come with `rotated` and `same`."""

    verdict: Literal["rotated", "same", "reused", "dead", "miss", "expired", "foreign"]
    session: Session | None = None
    principal: Principal | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to write one rebuild, on the epoch it was taken on; any change of the person ends it."""

    epoch: str
    nonce: str


class RedisSessions:
    """The Redis side of the session service."""

    def __init__(self, node: RedisNode) -> None:
        self._node = node

    async def find(self, *, user_id: UUID, session_id: UUID) -> Found:
        """Session, principal and tombstone in one round trip (SESSION_PROTOCOL 2b)."""
        keys = _Keys(user_id, session_id)
        reply = await self._node.command("MGET", keys.session, keys.principal, keys.tombstone)
        session, principal, tombstone = reply.value
        return _found(keys, session, principal, tombstone, epoch=reply.epoch)

    async def take_ticket(self, *, user_id: UUID, session_id: UUID) -> Ticket | Found:
        """Look again; if still nothing usable stands, the ticket that entitles this rebuild to write."""
        keys, nonce = _Keys(user_id, session_id), random_token()
        reply = await self._node.evaluate(
            _TICKET,
            (keys.session, keys.principal, keys.tickets),
            lambda epoch: (epoch, nonce, _milliseconds(TICKET_LIFE)),
        )
        if reply.value:
            return _found(keys, reply.value[0], reply.value[1], None, epoch=reply.epoch)
        return Ticket(reply.epoch, nonce)

    async def store(self, session: Session, principal: Principal, ticket: Ticket, *, life: timedelta) -> bool:
        """Write what was rebuilt; False where the ticket is gone, a tombstone stands, or the node is another."""
        keys = _Keys(session.user_id, session.id)
        header = _Header(
            n=ticket.epoch,
            u=session.user_epoch,
            g=session.generation,
            r=_since_1970(session.rotated_at),
            x=_since_1970(session.expires_at),
            d=session.salt_digest.hex(),
            t=session.transport,
        )
        payload = _Payload(
            created_at=session.created_at,
            authenticated_at=session.authenticated_at,
            strongly_authenticated_at=session.strongly_authenticated_at,
            amr=session.amr,
            aal=session.aal,
            ip=session.ip,
            user_agent=session.user_agent,
        )
        person = _encode(_PrincipalHeader(ticket.epoch, principal.session_epoch)) + b"\n" + _encode(principal)

        def arguments(epoch: str) -> Sequence[Argument]:
            return (
                epoch,
                ticket.nonce,
                _encode(header),
                _encode(payload),
                max(_milliseconds(life), 1),
                person,
                _milliseconds(PRINCIPAL_LIFE),
            )

        reply = await self._node.evaluate(
            _STORE, (keys.session, keys.principal, keys.tickets, keys.tombstone), arguments
        )
        return bool(reply.value)

    async def refresh(
        self, token: RefreshToken, *, transport: Transport, now: datetime, grace: timedelta, idle_ttl: timedelta
    ) -> Refreshed:
        """One script decides (SESSION_PROTOCOL 4)."""
        keys = _Keys(token.user_id, token.session_id)

        def arguments(epoch: str) -> Sequence[Argument]:
            return (
                epoch,
                token.generation,
                token.salt_digest.hex(),
                transport,
                _since_1970(now),
                _milliseconds(grace),
                _milliseconds(idle_ttl),
                _milliseconds(TOMBSTONE_LIFE),
            )

        reply = await self._node.evaluate(
            _REFRESH, (keys.session, keys.principal, keys.tickets, keys.tombstone), arguments
        )
        verdict, *records = reply.value
        if not records:
            return Refreshed(verdict=verdict.decode())
        found = _found(keys, records[0], records[1], None, epoch=reply.epoch)
        return Refreshed(verdict=verdict.decode(), session=found.session, principal=found.principal)

    async def raise_generation(self, *, user_id: UUID, session_id: UUID, generation: int, rotated_at: datetime) -> None:
        """PostgreSQL holds this generation: a record behind it is raised, a rebuild that read before is barred."""
        keys = _Keys(user_id, session_id)
        await self._node.evaluate(
            _RAISE,
            (keys.session, keys.tickets),
            lambda epoch: (epoch, generation, _since_1970(rotated_at)),
        )

    async def bury(self, *, user_id: UUID, session_id: UUID) -> None:
        """The session is revoked: record and ticket go, a tombstone comes."""
        keys = _Keys(user_id, session_id)
        await self._node.evaluate(
            _BURY,
            (keys.session, keys.tickets, keys.tombstone),
            lambda _: (_milliseconds(TOMBSTONE_LIFE),),
        )

    async def mark_stale(self, *, user_id: UUID, session_id: UUID) -> None:
        """The row changed: whoever looks next rebuilds the record from it."""
        keys = _Keys(user_id, session_id)
        await self._node.evaluate(_STALE, (keys.session, keys.tickets), lambda _: ())

    async def forget_person(self, user_id: UUID, session_ids: Sequence[UUID] = ()) -> None:
        """The person changed: principal, tickets and the given records go; the rest is dead by its user epoch."""
        keys = [_Keys(user_id, session_id).session for session_id in session_ids]
        person = _Keys(user_id, user_id)
        await self._node.command("DEL", person.principal, person.tickets, *keys)


class _Keys:
    """The keys of one person and one session of theirs."""

    __slots__ = ("principal", "session", "session_id", "tickets", "tombstone", "user_id")

    def __init__(self, user_id: UUID, session_id: UUID) -> None:
        self.user_id, self.session_id = user_id, session_id
        prefix = f"ha:{{{user_id.hex}}}"
        self.session = f"{prefix}:s:{session_id.hex}"
        self.tombstone = f"{prefix}:d:{session_id.hex}"
        self.principal = f"{prefix}:p"
        self.tickets = f"{prefix}:t"


def _found(keys: _Keys, session: Any, principal: Any, tombstone: Any, *, epoch: str) -> Found:
    return Found(
        buried=tombstone is not None,
        session=_read_session(keys, session, epoch) if session else None,
        principal=_read_principal(principal, epoch) if principal else None,
    )


def _read_session(keys: _Keys, record: bytes, epoch: str) -> Session | None:
    head, _, rest = record.partition(b"\n")
    header = _header.decode(head)
    if header.n != epoch:
        return None
    payload = _payload.decode(rest)
    return Session(
        id=keys.session_id,
        user_id=keys.user_id,
        user_epoch=header.u,
        created_at=payload.created_at,
        authenticated_at=payload.authenticated_at,
        strongly_authenticated_at=payload.strongly_authenticated_at,
        expires_at=_moment(header.x),
        generation=header.g,
        rotated_at=_moment(header.r),
        salt_digest=bytes.fromhex(header.d),
        transport=header.t,
        amr=payload.amr,
        aal=payload.aal,
        ip=payload.ip,
        user_agent=payload.user_agent,
    )


def _read_principal(record: bytes, epoch: str) -> Principal | None:
    head, _, rest = record.partition(b"\n")
    return _principal.decode(rest) if _principal_header.decode(head).n == epoch else None


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)


def _since_1970(moment: datetime) -> int:
    """Milliseconds."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _moment(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
