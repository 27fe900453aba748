"""What happens once somebody has proven something."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from uuid import UUID

from hybrid_auth.accounts.methods import EnrolmentToken
from hybrid_auth.accounts.service import Accounts
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import InvalidCredentials, InvalidMfaToken
from hybrid_auth.core.http import ClientInfo
from hybrid_auth.core.principal import Principal, Proof
from hybrid_auth.ratelimit.failures import Failures
from hybrid_auth.sessions.service import Authenticated, SessionService, Tokens
from hybrid_auth.sessions.session import Transport
from hybrid_auth.signin.enrolment import Enrolments
from hybrid_auth.signin.pending import PendingSignIns
from hybrid_auth.signin.trusted_browsers import Trust, TrustedBrowsers

CODE_AMR = ("otp", "mfa")
"""Of a one-time code beside another factor (RFC 8176); a recovery code is one that was made beforehand."""
CODES = "second_factor"
"""TOTP and recovery codes of a person share one count of failures: who guesses at both guesses no more often."""

CodeKind = Literal["totp", "recovery_code"]
SecondFactorMethod = Literal["totp", "recovery_code", "passkey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How somebody who signs in comes to us."""

    client: ClientInfo
    transport: Transport
    refresh_token: str | None = field(repr=False)
    """Of the session this browser had before."""
    trusted_token: str | None = field(repr=False)
    """What a trusted browser keeps."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The proof was enough: a session stands, once the transaction commits."""

    tokens: Tokens
    principal: Principal
    trust: Trust | None = None
    """Where this browser is trusted from now on."""


@dataclass(frozen=True, slots=True)
class SecondFactorRequired:
    """One factor was proven, another is asked for."""

    mfa_token: str = field(repr=False)
    expires_in: int
    """Seconds."""
    methods: tuple[SecondFactorMethod, ...]
    """How it can be given; empty where the person has none yet."""
    enrolment: EnrolmentToken | None
    """With which somebody of whom a policy asks a factor they do not have adds one."""


class SecondFactor(Protocol):
    """A kind of code."""

    def clean(self, code: str) -> str:
        """The code in its one spelling; InvalidCode for what cannot be one."""
        ...

    async def verify(self, transaction: Transaction, user_id: UUID, code: str) -> None:
        """Use up a clean code of this person; InvalidCode where it is not right or was used."""
        ...


class ReauthenticationMethod(Protocol):
    """How somebody who is signed in proves themself again."""

    async def prove_again(self, transaction: Transaction, caller: Authenticated, answer: Any) -> Proof:
        """A proof of this very person; InvalidCredentials (or the method's own refusal) otherwise."""
        ...


class SignIn:
    """Turns proofs into sessions."""

    def __init__(
        self,
        *,
        sessions: SessionService,
        accounts: Accounts,
        pending: PendingSignIns,
        enrolments: Enrolments,
        trusted: TrustedBrowsers,
        failures: Failures,
        methods: Mapping[str, ReauthenticationMethod],
        factors: Mapping[CodeKind, SecondFactor],
    ) -> None:
        self._sessions = sessions
        self._accounts = accounts
        self._pending = pending
        self._enrolments = enrolments
        self._trusted = trusted
        self._failures = failures
        self._methods = methods
        self._factors = factors

    async def advance(
        self, transaction: Transaction, proof: Proof, arrival: Arrival
    ) -> SignedIn | SecondFactorRequired:
        """Open a session for a proof, or ask for a second factor where one is not enough.

        InvalidCredentials where the person's sessions were ended, or the person was disabled or deleted, since the
        proof was read.
        """
        if arrival.trusted_token is not None:
            # Before its row is touched: whoever changes factors locks the person first, too.
            await self._accounts.lock(transaction, proof.user_id)
        principal = await self._accounts.principal(transaction, proof.user_id)
        if principal is None or principal.session_epoch != proof.session_epoch:
            raise InvalidCredentials
        one_is_enough = proof.aal > 1 or not self._sessions.requires_second_factor(principal)
        if one_is_enough or await self._trusted.admit(transaction, principal, arrival.trusted_token):
            return await self._open(transaction, proof, principal, arrival)
        return await self._ask(principal, proof)

    async def complete(
        self, transaction: Transaction, arrival: Arrival, *, mfa_token: str, kind: CodeKind, code: str, trust: bool
    ) -> SignedIn:
        """The second step: a session for the pending sign-in and a right code; `trust` this browser from now on.

        InvalidMfaToken, InvalidCode, or RateLimited while too many failures in a row cost a wait.
        """
        pending = await self._pending.find(mfa_token)
        clean = self._factors[kind].clean(code)
        await self._failures.attempt(pending.user_id, CODES)
        await self._pending.attempt(mfa_token)
        await self._accounts.lock(transaction, pending.user_id)
        await self._verify(transaction, pending.user_id, kind, clean)
        principal = await self._accounts.principal(transaction, pending.user_id)
        if principal is None or principal.session_epoch != pending.session_epoch:
            raise InvalidMfaToken
        await self._pending.take(mfa_token)
        proof = Proof(user_id=principal.id, session_epoch=pending.session_epoch, amr=(*pending.amr, *CODE_AMR), aal=2)
        signed_in = await self._open(transaction, proof, principal, arrival)
        if not trust:
            return signed_in
        return SignedIn(signed_in.tokens, principal, await self._trusted.trust(transaction, principal, arrival.client))

    async def reauthenticate(
        self, transaction: Transaction, caller: Authenticated, *, method: str, answer: Any
    ) -> tuple[str, int]:
        """Prove again who one is: a fresh access token and its life in seconds."""
        if method == "totp":
            proof = await self._prove_by_code(transaction, caller, answer)
        else:
            proof = await self._methods[method].prove_again(transaction, caller, answer)
        if proof.user_id != caller.principal.id:
            raise InvalidCredentials
        return await self._sessions.reauthenticate(transaction, caller, proof)

    async def _prove_by_code(self, transaction: Transaction, caller: Authenticated, code: str) -> Proof:
        clean = self._factors["totp"].clean(code)
        await self._failures.attempt(caller.principal.id, CODES)
        present = (await self._sessions.hold(transaction, caller)).principal
        await self._verify(transaction, present.id, "totp", clean)
        return Proof(user_id=present.id, session_epoch=present.session_epoch, amr=CODE_AMR, aal=2)

    async def _verify(self, transaction: Transaction, user_id: UUID, kind: CodeKind, clean: str) -> None:
        await self._factors[kind].verify(transaction, user_id, clean)

        async def forget() -> None:
            await self._failures.forget(user_id, CODES)

        transaction.after_commit(forget)

    async def _ask(self, principal: Principal, proof: Proof) -> SecondFactorRequired:
        have: dict[SecondFactorMethod, bool] = {
            "totp": principal.totp_enabled,
            "recovery_code": principal.recovery_codes_remaining > 0,
            "passkey": principal.passkey_count > 0,
        }
        methods = tuple(kind for kind, there in have.items() if there)
        return SecondFactorRequired(
            mfa_token=await self._pending.give_out(proof),
            expires_in=int(self._pending.ttl.total_seconds()),
            methods=methods,
            enrolment=None if methods else await self._enrolments.offer(principal, amr=proof.amr),
        )

    async def _open(self, transaction: Transaction, proof: Proof, principal: Principal, arrival: Arrival) -> SignedIn:
        """A new session; the one this browser had before ends.

        It never takes over anything of the earlier one, so nothing planted before a sign-in survives it.
        """
        tokens = await self._sessions.issue(
            transaction, proof, principal, client=arrival.client, transport=arrival.transport
        )
        earlier = self._sessions.read_refresh_token(arrival.refresh_token) if arrival.refresh_token else None
        if earlier is not None:
            await self._sessions.revoke(
                transaction, user_id=earlier.user_id, session_id=earlier.session_id, reason="signed_in_again"
            )
        return SignedIn(tokens, principal)
