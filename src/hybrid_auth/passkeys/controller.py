"""The passkey calls."""

from litestar import Controller, Response, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT

from hybrid_auth.core.clock import Clock
from hybrid_auth.core.config import AccountConfig, WebConfig
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import (
    AccountDisabled,
    Conflict,
    EmailNotVerified,
    InvalidToken,
    LastSignInMethod,
    NotFound,
    OriginNotAllowed,
    PasskeyVerificationFailed,
    ReauthenticationRequired,
    SessionRevoked,
    UnknownPasskey,
)
from hybrid_auth.core.http import StrictRequest, path_id, raises, refusal_of, same_origin
from hybrid_auth.core.tokens import encode_base64url
from hybrid_auth.passkeys.models import PasskeyRow
from hybrid_auth.passkeys.schemas import (
    AuthenticationVerifyRequest,
    CreationOptions,
    Descriptor,
    OfferRequest,
    Passkey,
    PasskeyList,
    RegisteredPasskey,
    RegistrationOptionsRequest,
    RegistrationVerifyRequest,
    RenameRequest,
    RequestOptions,
    RpEntity,
    UserEntity,
)
from hybrid_auth.passkeys.service import Creation, Passkeys
from hybrid_auth.sessions.service import Authenticated
from hybrid_auth.signin.enrolment import Enroller, Enrolments
from hybrid_auth.signin.responses import arrival_of, cookies_of, enroller_of, sign_in_response
from hybrid_auth.signin.schemas import LoginResult, login_result
from hybrid_auth.signin.service import SignIn

NOT_THE_MOMENT = ResponseSpec(
    None, description="In conditional mode: not the moment, or not wanted.", generate_examples=False
)


class PasskeyCeremonyController(Controller):
    """Registering, by a session or an enrolment token; signing in, by nobody yet."""

    path = "/auth/passkeys"
    tags = ("Passkeys",)

    @post(
        "/registration/options",
        operation_id="passkeyRegistrationOptions",
        summary="Begin to make a passkey",
        status_code=HTTP_200_OK,
        security=[{"bearer": []}],
        responses={HTTP_204_NO_CONTENT: NOT_THE_MOMENT},
        opt=raises(InvalidToken, SessionRevoked, ReauthenticationRequired),
    )
    async def registration_options(
        self,
        request: StrictRequest,
        passkeys: NamedDependency[Passkeys],
        enrolments: NamedDependency[Enrolments],
        transaction: NamedDependency[Transaction],
        caller: NamedDependency[Authenticated | None],
        web: NamedDependency[WebConfig],
        config: NamedDependency[AccountConfig],
        data: JSONBody[RegistrationOptionsRequest | None] = None,
    ) -> Response[CreationOptions]:
        enroller = await enroller_of(request, enrolments, transaction, caller)
        if data is not None and data.mode == "conditional":
            creation = await passkeys.conditional_creation(transaction, enroller)
            if creation is None:
                return Response(None, status_code=HTTP_204_NO_CONTENT)  # type: ignore[arg-type]
        else:
            creation = await passkeys.creation(transaction, enroller)
        return Response(_creation_options(creation, enroller, web=web, config=config))

    @post(
        "/registration/verify",
        operation_id="passkeyRegistrationVerify",
        summary="Finish making a passkey",
        status_code=HTTP_201_CREATED,
        security=[{"bearer": []}],
        guards=[same_origin],
        opt=raises(InvalidToken, SessionRevoked, PasskeyVerificationFailed, Conflict, OriginNotAllowed),
    )
    async def registration_verify(
        self,
        request: StrictRequest,
        data: JSONBody[RegistrationVerifyRequest],
        passkeys: NamedDependency[Passkeys],
        enrolments: NamedDependency[Enrolments],
        sign_in: NamedDependency[SignIn],
        transaction: NamedDependency[Transaction],
        caller: NamedDependency[Authenticated | None],
        web: NamedDependency[WebConfig],
        clock: NamedDependency[Clock],
    ) -> Response[RegisteredPasskey]:
        enroller = await enroller_of(request, enrolments, transaction, caller)
        registered = await passkeys.register(transaction, enroller, data.credential, name=data.name)
        passkey = _view(registered.passkey, passkeys)
        if registered.proof is None:
            return Response(RegisteredPasskey.of_passkey(passkey), status_code=HTTP_201_CREATED)
        signed_in = await sign_in.advance(transaction, registered.proof, arrival_of(request, web, data.client))
        return Response(
            RegisteredPasskey.of_passkey(passkey, sign_in=login_result(signed_in)),
            status_code=HTTP_201_CREATED,
            cookies=cookies_of(signed_in, web=web, clock=clock),
        )

    @post(
        "/authentication/options",
        operation_id="passkeyAuthenticationOptions",
        summary="Begin to sign in with a passkey; with a bearer, to prove again who you are",
        status_code=HTTP_200_OK,
        opt=raises(InvalidToken, SessionRevoked),
    )
    async def authentication_options(
        self,
        request: StrictRequest,
        passkeys: NamedDependency[Passkeys],
        transaction: NamedDependency[Transaction],
        caller: NamedDependency[Authenticated | None],
        web: NamedDependency[WebConfig],
    ) -> RequestOptions:
        if caller is None and "authorization" in request.headers:
            raise refusal_of(request)
        challenge, allowed = await passkeys.request(transaction, caller)
        return RequestOptions(
            challenge=challenge,
            rp_id=web.rp_id,
            timeout=int(web.challenge_ttl.total_seconds() * 1000),
            allow_credentials=[Descriptor.of(row) for row in allowed],
        )

    @post(
        "/authentication/verify",
        operation_id="passkeyAuthenticationVerify",
        summary="Sign in with a passkey",
        status_code=HTTP_200_OK,
        guards=[same_origin],
        opt=raises(UnknownPasskey, PasskeyVerificationFailed, EmailNotVerified, AccountDisabled, OriginNotAllowed),
    )
    async def authentication_verify(
        self,
        request: StrictRequest,
        data: JSONBody[AuthenticationVerifyRequest],
        passkeys: NamedDependency[Passkeys],
        sign_in: NamedDependency[SignIn],
        transaction: NamedDependency[Transaction],
        web: NamedDependency[WebConfig],
        clock: NamedDependency[Clock],
    ) -> Response[LoginResult]:
        proof = await passkeys.authenticate(transaction, data.credential)
        signed_in = await sign_in.advance(transaction, proof, arrival_of(request, web, data.client))
        return sign_in_response(signed_in, web=web, clock=clock)


class PasskeyController(Controller):
    """One's own passkeys."""

    path = "/auth/passkeys"
    tags = ("Passkeys",)

    @get("", operation_id="listPasskeys", summary="Your passkeys, and what the Signal API needs")
    async def list_passkeys(
        self,
        caller: NamedDependency[Authenticated],
        passkeys: NamedDependency[Passkeys],
        transaction: NamedDependency[Transaction],
        web: NamedDependency[WebConfig],
    ) -> PasskeyList:
        profile, rows = await passkeys.overview(transaction, caller.principal.id)
        return PasskeyList(
            rp_id=web.rp_id,
            user_handle=encode_base64url(profile.user_handle),
            passkeys=[_view(row, passkeys) for row in rows],
            offer_declined=profile.declined_at is not None,
        )

    @put(
        "/offer",
        operation_id="declinePasskeyOffer",
        summary="Whether to be offered a passkey after signing in",
        status_code=HTTP_204_NO_CONTENT,
    )
    async def decline_offer(
        self,
        data: JSONBody[OfferRequest],
        caller: NamedDependency[Authenticated],
        passkeys: NamedDependency[Passkeys],
        transaction: NamedDependency[Transaction],
    ) -> None:
        await passkeys.decline_offer(transaction, caller, declined=data.declined)

    @patch("/{passkey_id:str}", operation_id="renamePasskey", summary="Rename a passkey", opt=raises(NotFound))
    async def rename(
        self,
        passkey_id: FromPath[str],
        data: JSONBody[RenameRequest],
        caller: NamedDependency[Authenticated],
        passkeys: NamedDependency[Passkeys],
        transaction: NamedDependency[Transaction],
    ) -> Passkey:
        return _view(await passkeys.rename(transaction, caller, path_id(passkey_id), data.name), passkeys)

    @delete(
        "/{passkey_id:str}",
        operation_id="deletePasskey",
        summary="Delete a passkey",
        opt=raises(NotFound, LastSignInMethod, ReauthenticationRequired),
    )
    async def remove(
        self,
        passkey_id: FromPath[str],
        caller: NamedDependency[Authenticated],
        passkeys: NamedDependency[Passkeys],
        transaction: NamedDependency[Transaction],
    ) -> None:
        await passkeys.remove(transaction, caller, path_id(passkey_id))


def _creation_options(
    creation: Creation, enroller: Enroller, *, web: WebConfig, config: AccountConfig
) -> CreationOptions:
    person = enroller.principal
    return CreationOptions(
        rp=RpEntity(id=web.rp_id, name=config.app_name),
        user=UserEntity(
            id=encode_base64url(creation.profile.user_handle),
            name=person.email,
            display_name=person.display_name or person.email,
        ),
        challenge=creation.challenge,
        timeout=int(web.challenge_ttl.total_seconds() * 1000),
        exclude_credentials=[Descriptor.of(row) for row in creation.existing],
    )


def _view(row: PasskeyRow, passkeys: Passkeys) -> Passkey:
    return Passkey.of(row, provider=passkeys.providers.name(row.aaguid))
