"""The person who is signed in."""

from litestar import Controller, Response, delete, get, patch
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_204_NO_CONTENT

from hybrid_auth.accounts.schemas import Me, ProfileChange
from hybrid_auth.accounts.service import Accounts
from hybrid_auth.core.config import WebConfig
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import ReauthenticationRequired
from hybrid_auth.core.http import StrictRequest, raises
from hybrid_auth.sessions.cookies import expired_refresh_cookie
from hybrid_auth.sessions.service import Authenticated


class MeController(Controller):
    """One's own account."""

    path = "/auth/me"
    tags = ("Account",)

    @get("", operation_id="getMe", summary="Who is signed in, and in which session")
    async def read(self, caller: NamedDependency[Authenticated]) -> Me:
        return Me.of_caller(caller)

    @patch("", operation_id="updateMe", summary="Change the display name")
    async def change(
        self,
        data: JSONBody[ProfileChange],
        caller: NamedDependency[Authenticated],
        accounts: NamedDependency[Accounts],
        transaction: NamedDependency[Transaction],
    ) -> Me:
        return Me.of_caller(caller, await accounts.rename(transaction, caller, data.display_name))

    @delete("", operation_id="deleteMe", summary="Delete the account", opt=raises(ReauthenticationRequired))
    async def remove(
        self,
        request: StrictRequest,
        caller: NamedDependency[Authenticated],
        accounts: NamedDependency[Accounts],
        transaction: NamedDependency[Transaction],
        web: NamedDependency[WebConfig],
    ) -> Response[None]:
        await accounts.delete(transaction, caller)
        cookies = expired_refresh_cookie(request.headers, web)
        return Response(None, status_code=HTTP_204_NO_CONTENT, cookies=cookies)
