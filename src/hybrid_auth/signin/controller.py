"""The second step of a sign-in, step-up, and the browsers that are trusted."""

from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from hybrid_auth.core.clock import Clock
from hybrid_auth.core.config import WebConfig
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import (
    FieldError,
    HashingCapacityExceeded,
    InvalidCode,
    InvalidCredentials,
    InvalidMfaToken,
    NotFound,
    OriginNotAllowed,
    PasskeyVerificationFailed,
    RateLimited,
    ValidationFailed,
)
from hybrid_auth.core.http import StrictRequest, path_id, raises, same_origin
from hybrid_auth.sessions.service import Authenticated
from hybrid_auth.signin.responses import arrival_of, sign_in_response
from hybrid_auth.signin.schemas import (
    LoginResult,
    PasskeyReauthentication,
    PasswordReauthentication,
    Reauthentication,
    ReauthenticationResult,
    RecoveryCodeLoginRequest,
    TotpLoginRequest,
    TotpReauthentication,
    TrustedBrowser,
    TrustedBrowserList,
)
from hybrid_auth.signin.service import SignIn
from hybrid_auth.signin.trusted_browsers import TrustedBrowsers


class SecondStepController(Controller):
    """For people who gave their first factor."""

    path = "/auth/login"
    tags = ("Sign-in",)

    @post(
        "/totp",
        operation_id="loginTotp",
        summary="Finish signing in with a code of the authenticator app",
        status_code=HTTP_200_OK,
        guards=[same_origin],
        opt=raises(InvalidCode, InvalidMfaToken, RateLimited, OriginNotAllowed),
    )
    async def totp(
        self,
        request: StrictRequest,
        data: JSONBody[TotpLoginRequest],
        sign_in: NamedDependency[SignIn],
        transaction: NamedDependency[Transaction],
        web: NamedDependency[WebConfig],
        clock: NamedDependency[Clock],
    ) -> Response[LoginResult]:
        if data.trust_browser and data.client != "browser":
            raise ValidationFailed([FieldError("trust_browser", "Only a browser can be trusted.")])
        signed_in = await sign_in.complete(
            transaction,
            arrival_of(request, web, data.client),
            mfa_token=data.mfa_token,
            kind="totp",
            code=data.code,
            trust=data.trust_browser,
        )
        return sign_in_response(signed_in, web=web, clock=clock)

    @post(
        "/recovery-code",
        operation_id="loginRecoveryCode",
        summary="Finish signing in with a recovery code",
        status_code=HTTP_200_OK,
        guards=[same_origin],
        opt=raises(InvalidCode, InvalidMfaToken, RateLimited, OriginNotAllowed),
    )
    async def recovery_code(
        self,
        request: StrictRequest,
        data: JSONBody[RecoveryCodeLoginRequest],
        sign_in: NamedDependency[SignIn],
        transaction: NamedDependency[Transaction],
        web: NamedDependency[WebConfig],
        clock: NamedDependency[Clock],
    ) -> Response[LoginResult]:
        signed_in = await sign_in.complete(
            transaction,
            arrival_of(request, web, data.client),
            mfa_token=data.mfa_token,
            kind="recovery_code",
            code=data.code,
            trust=False,
        )
        return sign_in_response(signed_in, web=web, clock=clock)


class ReauthenticationController(Controller):
    """Step-up."""

    path = "/auth/reauthenticate"
    tags = ("Sign-in",)

    @post(
        "",
        operation_id="reauthenticate",
        summary="Prove again who you are, for what needs a recent proof",
        status_code=HTTP_200_OK,
        opt=raises(InvalidCredentials, InvalidCode, PasskeyVerificationFailed, RateLimited, HashingCapacityExceeded),
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
            case TotpReauthentication(code=code):
                proven = sign_in.reauthenticate(transaction, caller, method="totp", answer=code)
            case PasskeyReauthentication(credential=credential):
                proven = sign_in.reauthenticate(transaction, caller, method="passkey", answer=credential)
        access_token, expires_in = await proven
        return ReauthenticationResult(access_token, "Bearer", expires_in)


class TrustedBrowserController(Controller):
    """Where one is not asked for the second factor."""

    path = "/auth/trusted-browsers"
    tags = ("Two-factor",)

    @get("", operation_id="listTrustedBrowsers", summary="Browsers where you are not asked for the second factor")
    async def list_trusted(
        self,
        caller: NamedDependency[Authenticated],
        trusted_browsers: NamedDependency[TrustedBrowsers],
        transaction: NamedDependency[Transaction],
    ) -> TrustedBrowserList:
        rows = await trusted_browsers.list_of(transaction, caller.principal)
        return TrustedBrowserList([TrustedBrowser.of(row) for row in rows])

    @delete(
        "/{browser_id:str}",
        operation_id="deleteTrustedBrowser",
        summary="Ask for the second factor there again",
        opt=raises(NotFound),
    )
    async def remove(
        self,
        browser_id: FromPath[str],
        caller: NamedDependency[Authenticated],
        trusted_browsers: NamedDependency[TrustedBrowsers],
        transaction: NamedDependency[Transaction],
    ) -> None:
        await trusted_browsers.remove(transaction, caller, path_id(browser_id))
