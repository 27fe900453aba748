"""The recovery code calls."""

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_200_OK

from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import Conflict, ReauthenticationRequired
from hybrid_auth.core.http import raises
from hybrid_auth.recovery_codes.schemas import RecoveryCodeList
from hybrid_auth.recovery_codes.service import RecoveryCodes
from hybrid_auth.sessions.service import Authenticated


class RecoveryCodeController(Controller):
    """One's own recovery codes."""

    path = "/auth/recovery-codes"
    tags = ("Two-factor",)

    @post(
        "",
        operation_id="regenerateRecoveryCodes",
        summary="Make new recovery codes; the old ones are void",
        status_code=HTTP_200_OK,
        opt=raises(Conflict, ReauthenticationRequired),
    )
    async def regenerate(
        self,
        caller: NamedDependency[Authenticated],
        recovery_codes: NamedDependency[RecoveryCodes],
        transaction: NamedDependency[Transaction],
    ) -> RecoveryCodeList:
        return RecoveryCodeList(tuple(await recovery_codes.regenerate(transaction, caller)))
