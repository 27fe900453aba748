"""Step-up: proving again who one is."""

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import HashingCapacityExceeded, InvalidCredentials, PasskeyVerificationFailed
from hybrid_auth.core.http import raises
from hybrid_auth.sessions.service import Authenticated
from hybrid_auth.signin.schemas import (
    PasskeyReauthentication,
    PasswordReauthentication,
    Reauthentication,
    ReauthenticationResult,
)
from hybrid_auth.signin.service import SignIn


class ReauthenticationController(Controller):
    """Step-up."""

    path = "/auth/reauthenticate"
    tags = ("Sign-in",)

    @post(
        "",
        operation_id="reauthenticate",
        summary="Prove again who you are, for what needs a recent proof",
        status_code=HTTP_200_OK,
        opt=raises(InvalidCredentials, PasskeyVerificationFailed, HashingCapacityExceeded),
    )
    async def reauthenticate(
        self,
        data: JSONBody[Reauthentication],
        caller: NamedDependency[Authenticated],
        sign_in: NamedDependency[SignIn],
        transaction: NamedDependency[Transaction],
    ) -> ReauthenticationResult:
        match data:
            case PasswordReauthentication(password=password):
                proven = sign_in.reauthenticate(transaction, caller, method="password", answer=password)
            case PasskeyReauthentication(credential=credential):
                proven = sign_in.reauthenticate(transaction, caller, method="passkey", answer=credential)
        access_token, expires_in = await proven
        return ReauthenticationResult(access_token, "Bearer", expires_in)
