"""What happens once somebody has proven something."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import InvalidCredentials
from hybrid_auth.core.http import ClientInfo
from hybrid_auth.core.principal import Principal, Proof
from hybrid_auth.sessions.service import Authenticated, SessionService, Tokens
from hybrid_auth.sessions.session import Transport


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The proof was enough: a session stands, once the transaction commits."""

    tokens: Tokens
    principal: Principal


class ReauthenticationMethod(Protocol):
    """How somebody who is signed in proves themself again."""

    async def prove_again(self, transaction: Transaction, caller: Authenticated, answer: Any) -> Proof:
        """A proof of this very person; InvalidCredentials (or the method's own refusal) otherwise."""
        ...


class SignIn:
    """Turns proofs into sessions."""

    def __init__(self, sessions: SessionService, methods: Mapping[str, ReauthenticationMethod]) -> None:
        self._sessions = sessions
        self._methods = methods

    async def advance(
        self,
        transaction: Transaction,
        proof: Proof,
        *,
        client: ClientInfo,
        transport: Transport,
        earlier_refresh_token: str | None,
    ) -> SignedIn:
        """Open a session for a proof; the session this browser had before ends with it.

        The new session never takes over anything of the earlier one, so nothing planted before a sign-in survives it.
        """
        tokens, principal = await self._sessions.issue(transaction, proof, client=client, transport=transport)
        earlier = self._sessions.read_refresh_token(earlier_refresh_token) if earlier_refresh_token else None
        if earlier is not None:
            await self._sessions.revoke(
                transaction, user_id=earlier.user_id, session_id=earlier.session_id, reason="signed_in_again"
            )
        return SignedIn(tokens, principal)

    async def reauthenticate(
        self, transaction: Transaction, caller: Authenticated, *, method: str, answer: Any
    ) -> tuple[str, int]:
        """Prove again who one is: a fresh access token and its life in seconds."""
        proof = await self._methods[method].prove_again(transaction, caller, answer)
        if proof.user_id != caller.principal.id:
            raise InvalidCredentials
        return await self._sessions.reauthenticate(transaction, caller, proof)
