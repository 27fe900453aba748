"""The hybrid session service: issue, check, refresh, revoke (SESSION_PROTOCOL 1 to 6)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import structlog

from hybrid_auth.core.clock import Clock
from hybrid_auth.core.config import SessionConfig
from hybrid_auth.core.database import SessionMaker, Transaction
from hybrid_auth.core.errors import (
    InvalidCredentials,
    InvalidRefreshToken,
    NotFound,
    ReauthenticationRequired,
    RefreshTokenReused,
    SessionRevoked,
    Unavailable,
)
from hybrid_auth.core.http import ClientInfo
from hybrid_auth.core.principal import LoadPrincipal, Principal, Proof
from hybrid_auth.sessions.access_tokens import AccessTokens, Claims
from hybrid_auth.sessions.outbox import Outbox
from hybrid_auth.sessions.redis_sessions import Found, RedisSessions
from hybrid_auth.sessions.refresh_tokens import RefreshToken, RefreshTokens
from hybrid_auth.sessions.repository import Rotation, SessionRows
from hybrid_auth.sessions.session import Session, Transport
from hybrid_auth.sessions.upkeep import Upkeep

REBUILD_ATTEMPTS = 3
REFRESH_ATTEMPTS = 8
"""Rounds before a refresh gives up with 503; each lost round means that another request got through."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Authenticated:
    """A living session and the person it belongs to: what a guarded route gets."""

    session: Session
    principal: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What the client is handed."""

    access_token: str = field(repr=False)
    expires_in: int
    """Seconds."""
    refresh_token: str = field(repr=False)
    transport: Transport
    session: Session


class SessionService:
    """Sessions, from a proof to their end."""

    def __init__(
        self,
        *,
        config: SessionConfig,
        clock: Clock,
        session_maker: SessionMaker,
        redis: RedisSessions,
        outbox: Outbox,
        upkeep: Upkeep,
        access_tokens: AccessTokens,
        refresh_tokens: RefreshTokens,
        load_principal: LoadPrincipal,
    ) -> None:
        self._config = config
        self._clock = clock
        self._session_maker = session_maker
        self._redis = redis
        self._outbox = outbox
        self._upkeep = upkeep
        self._access_tokens = access_tokens
        self._refresh_tokens = refresh_tokens
        self._load_principal = load_principal

    # --- issue ------------------------------------------------------------------------------------------------------

    async def issue(
        self, transaction: Transaction, proof: Proof, principal: Principal, *, client: ClientInfo, transport: Transport
    ) -> Tokens:
        """A new session for a complete proof; Redis hears of it only from the first check after the commit.

        InvalidCredentials where the person's sessions were ended, or the person was disabled or deleted, since the
        proof was read.
        """
        now = self._clock.now()
        token = self._refresh_tokens.first(user_id=proof.user_id, session_id=uuid4())
        session = Session(
            id=token.session_id,
            user_id=proof.user_id,
            user_epoch=proof.session_epoch,
            created_at=now,
            authenticated_at=now,
            strongly_authenticated_at=now if proof.aal > 1 else None,
            expires_at=now + self._config.absolute_ttl,
            generation=0,
            rotated_at=now,
            salt_digest=token.salt_digest,
            transport=transport,
            amr=proof.amr,
            aal=proof.aal,
            ip=client.ip,
            user_agent=client.user_agent,
        )
        if not await SessionRows(transaction).add(session):
            raise InvalidCredentials
        return self._tokens(session, principal, token)

    def requires_second_factor(self, principal: Principal) -> bool:
        """Whether this person may not be signed in by one factor: by their own choice, or by policy."""
        return principal.totp_enabled or principal.is_under(self._config.require_second_factor)

    # --- check ------------------------------------------------------------------------------------------------------

    async def check(self, claims: Claims) -> Authenticated:
        """The living session behind verified claims; SessionRevoked where it is over, Unavailable where unknown."""
        found = await self._redis.find(user_id=claims.user_id, session_id=claims.session_id)
        return await self._living(found, user_id=claims.user_id, session_id=claims.session_id)

    async def _living(self, found: Found, *, user_id: UUID, session_id: UUID) -> Authenticated:
        if found.buried:
            raise SessionRevoked
        session, principal = found.session, found.principal
        if not found.usable or session is None or principal is None:
            session, principal = await self._rebuild(user_id=user_id, session_id=session_id)
        if self._clock.now() >= session.deadline(self._config.idle_ttl) or self._falls_short(session, principal):
            raise SessionRevoked
        return Authenticated(session, principal)

    def _falls_short(self, session: Session, principal: Principal) -> bool:
        """Whether a policy that came after the sign-in asks more than was proven.

        With TOTP on, only a trusted browser opens a session with one factor: turning it on ended all others.
        """
        return session.aal < 2 and not principal.totp_enabled and self.requires_second_factor(principal)

    async def _rebuild(self, *, user_id: UUID, session_id: UUID) -> tuple[Session, Principal]:
        """Read the truth and put it back into Redis, unless something changed since the ticket was taken.

        Then it is read again: what was read before the change may be over. Should others always be faster, the last
        reading is the answer, uncached.
        """
        truth: tuple[Session, Principal] | None = None
        for _ in range(REBUILD_ATTEMPTS):
            ticket = await self._redis.take_ticket(user_id=user_id, session_id=session_id)
            if isinstance(ticket, Found):
                if ticket.session is not None and ticket.principal is not None and ticket.usable:
                    return ticket.session, ticket.principal
                # The node became another one between the script and here: what it said counts no more.
                continue
            async with Transaction(self._session_maker) as transaction:
                row = await SessionRows(transaction).find(user_id=user_id, session_id=session_id)
                principal = await self._load_principal(transaction, user_id)
            if row is None or principal is None or row.revoked or row.session.user_epoch != row.session_epoch:
                await self._bury_dead(user_id=user_id, session_id=session_id)
                raise SessionRevoked
            life = row.session.deadline(self._config.idle_ttl) - self._clock.now()
            if life <= timedelta(0):
                raise SessionRevoked
            if principal.session_epoch != row.session_epoch:
                # The person's epoch moved between the two reads; this session may have been kept, so look again.
                continue
            truth = row.session, principal
            if await self._redis.store(row.session, principal, ticket, life=life):
                break
        if truth is None:
            raise Unavailable
        return truth

    async def _bury_dead(self, *, user_id: UUID, session_id: UUID) -> None:
        """Nothing brings a dead session back, so this tombstone needs no ticket; PostgreSQL is spared the next look."""
        await self._redis.bury(user_id=user_id, session_id=session_id)

    # --- refresh ----------------------------------------------------------------------------------------------------

    async def refresh(self, text: str, *, transport: Transport) -> Tokens:
        """New tokens for a refresh token in force, or for its predecessor within the grace.

        InvalidRefreshToken for anything else, RefreshTokenReused where a superseded one came back: then the session
        is over. Unavailable where nobody can tell; the token stays good.
        """
        token = self._refresh_tokens.read(text)
        if token is None:
            raise InvalidRefreshToken
        for _ in range(REFRESH_ATTEMPTS):
            decided = await self._redis.refresh(
                token,
                transport=transport,
                now=self._clock.now(),
                grace=self._config.refresh_grace,
                idle_ttl=self._config.idle_ttl,
            )
            match decided.verdict:
                case "rotated" | "same":
                    if decided.session is None or decided.principal is None:
                        continue
                    session = decided.session
                    if self._falls_short(session, decided.principal):
                        raise InvalidRefreshToken
                    # For "same" too: the reply to the one who rotated may have been lost on its way from Redis.
                    self._upkeep.rotated(Rotation(session.user_id, session.id, session.generation, session.rotated_at))
                    return self._tokens(session, decided.principal, token.successor())
                case "miss":
                    try:
                        await self._rebuild(user_id=token.user_id, session_id=token.session_id)
                    except SessionRevoked as error:
                        raise InvalidRefreshToken from error
                case "reused":
                    await self._end_reused(token)
                    raise RefreshTokenReused
                case _:
                    raise InvalidRefreshToken
        raise Unavailable

    async def _end_reused(self, token: RefreshToken) -> None:
        log.warning("session.refresh_token_reused", user_id=str(token.user_id), session_id=str(token.session_id))
        async with Transaction(self._session_maker) as transaction:
            await self.revoke(
                transaction, user_id=token.user_id, session_id=token.session_id, reason=RefreshTokenReused.code
            )

    def read_refresh_token(self, text: str) -> RefreshToken | None:
        """Whose token this is, in force or not; for ending its session only."""
        return self._refresh_tokens.read(text)

    async def travels_otherwise(self, transaction: Transaction, token: RefreshToken, transport: Transport) -> bool:
        """Whether the token was issued for another transport than the one it came by."""
        found = await SessionRows(transaction).find(user_id=token.user_id, session_id=token.session_id)
        return found is not None and found.session.transport != transport

    # --- revoke -----------------------------------------------------------------------------------------------------

    async def revoke(
        self,
        transaction: Transaction,
        *,
        user_id: UUID,
        session_id: UUID,
        reason: str,
        transport: Transport | None = None,
    ) -> bool:
        """End one session with the transaction; False where it was no living session of this person (and transport)."""
        bury = partial(self._redis.bury, user_id=user_id, session_id=session_id)
        # Commit failed or in doubt: the answer is 503, and what may be revoked is dead all the same.
        transaction.after_doubt(bury)
        try:
            revoked = await SessionRows(transaction).revoke(
                user_id=user_id, session_id=session_id, now=self._clock.now(), reason=reason, transport=transport
            )
            if not revoked:
                return False
            row_id = await self._outbox.add(transaction, user_id=user_id, session_id=session_id, revoked=True)
        except Unavailable:
            await bury()
            raise

        async def apply() -> None:
            await bury()
            self._outbox.settle(row_id)

        transaction.after_commit(apply)
        return True

    async def revoke_listed(self, transaction: Transaction, *, user_id: UUID, session_id: UUID) -> None:
        """End a session picked from the list; NotFound where it is not there (any more)."""
        found = await SessionRows(transaction).find(user_id=user_id, session_id=session_id)
        living = (
            found is not None
            and found.session.user_epoch == found.session_epoch
            and self._clock.now() < found.session.deadline(self._config.idle_ttl)
        )
        if not living or not await self.revoke(
            transaction, user_id=user_id, session_id=session_id, reason="revoked_by_user"
        ):
            raise NotFound

    async def revoke_all(
        self, transaction: Transaction, user_id: UUID, *, keep: UUID | None = None, reason: str
    ) -> int:
        """Step the person's epoch and end every session but `keep`; how many of them were alive."""
        ids, lived = await SessionRows(transaction).revoke_all(
            user_id, keep=keep, now=self._clock.now(), idle_ttl=self._config.idle_ttl, reason=reason
        )
        await self.person_changed(transaction, user_id, ended=ids)
        return lived

    async def person_changed(self, transaction: Transaction, user_id: UUID, *, ended: Sequence[UUID] = ()) -> None:
        """Tell Redis after the commit that it must ask PostgreSQL for this person again.

        Called for every change that a `Principal` shows, and for the end of the person themself.
        """
        row_id = await self._outbox.add(transaction, user_id=user_id, revoked=bool(ended))

        async def apply() -> None:
            await self._redis.forget_person(user_id, ended)
            self._outbox.settle(row_id)

        transaction.after_commit(apply)

    async def living_sessions(self, transaction: Transaction, user_id: UUID) -> list[Session]:
        """The person's living sessions, newest first."""
        return await SessionRows(transaction).list_living(
            user_id, now=self._clock.now(), idle_ttl=self._config.idle_ttl
        )

    async def hold(self, transaction: Transaction, authenticated: Authenticated) -> Authenticated:
        """Session and person as they are now, locked until the transaction ends; SessionRevoked where it is over.

        A caller is resolved when the headers of a request have come. Whoever holds back its body must not act, once it
        has come too, in a session that ended meanwhile. To be called after all slow work, before the first write.
        """
        session, person = authenticated.session, authenticated.principal
        row = await SessionRows(transaction).find(user_id=person.id, session_id=session.id, lock=True)
        principal = await self._load_principal(transaction, person.id)
        if (
            row is None
            or principal is None
            or row.revoked
            or row.session.user_epoch != row.session_epoch
            or self._clock.now() >= row.session.expires_at
        ):
            raise SessionRevoked
        return Authenticated(row.session, principal)

    # --- step-up ----------------------------------------------------------------------------------------------------

    def is_recent(self, authenticated: Authenticated) -> bool:
        """Whether the person proved themself in this session within the last few minutes.

        Where the account has a second factor or a passkey, only such a proof counts: a stolen password must not be
        enough to remove what protects against stolen passwords.
        """
        session, person = authenticated.session, authenticated.principal
        strong = person.totp_enabled or person.passkey_count > 0
        proven = session.strongly_authenticated_at if strong else session.authenticated_at
        return proven is not None and self._clock.now() - proven <= self._config.recent_ttl

    def require_recent(self, authenticated: Authenticated, *, methods: Sequence[str]) -> None:
        """ReauthenticationRequired, with the ways to do so, unless the last proof is recent."""
        if not self.is_recent(authenticated):
            raise ReauthenticationRequired(methods)

    async def reauthenticate(
        self, transaction: Transaction, authenticated: Authenticated, proof: Proof
    ) -> tuple[str, int]:
        """Stamp a fresh proof on the session; an access token that says so, and its life in seconds."""
        session = await SessionRows(transaction).reauthenticate(
            session_id=authenticated.session.id,
            user_id=authenticated.principal.id,
            now=self._clock.now(),
            amr=tuple(dict.fromkeys((*authenticated.session.amr, *proof.amr))),
            aal=max(proof.aal, authenticated.session.aal),
            strong=proof.aal > 1,
        )
        if session is None or proof.user_id != authenticated.principal.id:
            raise SessionRevoked
        row_id = await self._outbox.add(transaction, user_id=session.user_id, session_id=session.id)

        async def apply() -> None:
            await self._redis.mark_stale(user_id=session.user_id, session_id=session.id)
            self._outbox.settle(row_id)

        transaction.after_commit(apply)
        return self._access_token(session, authenticated.principal)

    # --- tokens -----------------------------------------------------------------------------------------------------

    def _access_token(self, session: Session, principal: Principal) -> tuple[str, int]:
        return self._access_tokens.issue(
            user_id=session.user_id,
            session_id=session.id,
            authenticated_at=session.authenticated_at,
            amr=session.amr,
            aal=session.aal,
            roles=principal.roles,
            deadline=session.deadline(self._config.idle_ttl),
        )

    def _tokens(self, session: Session, principal: Principal, token: RefreshToken) -> Tokens:
        access_token, expires_in = self._access_token(session, principal)
        return Tokens(
            access_token=access_token,
            expires_in=expires_in,
            refresh_token=self._refresh_tokens.write(token),
            transport=session.transport,
            session=session,
        )
