"""Step-up: proving again who one is."""

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import HashingCapacityExceeded, InvalidCredentials
from hybrid_auth.core.http import raises
from hybrid_auth.sessions.service import Authenticated
from hybrid_auth.signin.schemas import PasswordReauthentication, ReauthenticationResult
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
        opt=raises(InvalidCredentials, HashingCapacityExceeded),
    )
    async def reauthenticate(
        self,
        data: JSONBody[PasswordReauthentication],
        caller: NamedDependency[Authenticated],
        sign_in: NamedDependency[SignIn],
        transaction: NamedDependency[Transaction],
    ) -> ReauthenticationResult:
        access_token, expires_in = await sign_in.reauthenticate(
            transaction, caller, method="password", answer=data.password
        )
        return ReauthenticationResult(access_token, "Bearer", expires_in)
