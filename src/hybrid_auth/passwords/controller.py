"""Registration, sign-in and change of a password."""

from typing import Any

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from hybrid_auth.core.clock import Clock
from hybrid_auth.core.config import AccountConfig, WebConfig
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import (
    AccountDisabled,
    Conflict,
    EmailNotVerified,
    HashingCapacityExceeded,
    InvalidCredentials,
    InvalidOrExpiredToken,
    OriginNotAllowed,
    PasswordRejected,
    ReauthenticationRequired,
)
from hybrid_auth.core.http import StrictRequest, client_info, raises, same_origin
from hybrid_auth.passwords.registration import Application, Registration
from hybrid_auth.passwords.schemas import (
    ChangePasswordRequest,
    EnrolmentOffer,
    LoginRequest,
    RegisterRequest,
    VerificationSent,
    VerifyEmailRequest,
)
from hybrid_auth.passwords.service import Passwords
from hybrid_auth.sessions.devices import recognise
from hybrid_auth.sessions.service import Authenticated
from hybrid_auth.signin.responses import arrival_of, sign_in_response
from hybrid_auth.signin.schemas import LoginResult
from hybrid_auth.signin.service import SignIn

SIGNED_IN_AT_ONCE = ResponseSpec(
    LoginResult, description="Where addresses need no confirmation first.", generate_examples=False
)


CONFIRMED = ResponseSpec(None, description="The address is confirmed.", generate_examples=False)


class PasswordController(Controller):
    """For people who are not signed in."""

    path = "/auth"
    tags = ("Sign-in",)

    @post(
        "/register",
        operation_id="register",
        summary="Register an account",
        status_code=HTTP_202_ACCEPTED,
        guards=[same_origin],
        responses={HTTP_201_CREATED: SIGNED_IN_AT_ONCE},
        opt=raises(PasswordRejected, Conflict, OriginNotAllowed, HashingCapacityExceeded),
    )
    async def register(
        self,
        request: StrictRequest,
        data: JSONBody[RegisterRequest],
        registration: NamedDependency[Registration],
        sign_in: NamedDependency[SignIn],
        transaction: NamedDependency[Transaction],
        config: NamedDependency[AccountConfig],
        web: NamedDependency[WebConfig],
        clock: NamedDependency[Clock],
    ) -> Response[VerificationSent]:
        application = Application(
            email=data.email,
            password=data.password,
            display_name=data.display_name,
            device=recognise(client_info(request).user_agent).label,
        )
        if config.email_verification == "required" or data.password is None:
            await registration.apply(transaction, application)
            return Response(VerificationSent(), status_code=HTTP_202_ACCEPTED)
        proof = await registration.join(transaction, application)
        signed_in = await sign_in.advance(transaction, proof, arrival_of(request, web, data.client))
        answer: Response[Any] = sign_in_response(signed_in, web=web, clock=clock, status_code=HTTP_201_CREATED)
        return answer

    @post(
        "/login",
        operation_id="login",
        summary="Sign in with email and password",
        status_code=HTTP_200_OK,
        guards=[same_origin],
        opt=raises(InvalidCredentials, EmailNotVerified, AccountDisabled, OriginNotAllowed, HashingCapacityExceeded),
    )
    async def login(
        self,
        request: StrictRequest,
        data: JSONBody[LoginRequest],
        passwords: NamedDependency[Passwords],
        sign_in: NamedDependency[SignIn],
        transaction: NamedDependency[Transaction],
        web: NamedDependency[WebConfig],
        clock: NamedDependency[Clock],
    ) -> Response[LoginResult]:
        proof = await passwords.authenticate(transaction, email=data.email, password=data.password)
        signed_in = await sign_in.advance(transaction, proof, arrival_of(request, web, data.client))
        return sign_in_response(signed_in, web=web, clock=clock)

    @post(
        "/email/verify",
        operation_id="verifyEmail",
        summary="Confirm an email address with the token of its link",
        status_code=HTTP_200_OK,
        responses={HTTP_204_NO_CONTENT: CONFIRMED},
        opt=raises(InvalidOrExpiredToken),
    )
    async def verify_email(
        self,
        data: JSONBody[VerifyEmailRequest],
        registration: NamedDependency[Registration],
        transaction: NamedDependency[Transaction],
    ) -> Response[EnrolmentOffer]:
        enrolment = await registration.confirm(transaction, data.token)
        if enrolment is None:
            return Response(None, status_code=HTTP_204_NO_CONTENT)  # type: ignore[arg-type]
        return Response(EnrolmentOffer(enrolment.token, int(enrolment.ttl.total_seconds())))


class PasswordChangeController(Controller):
    """For the person who is signed in."""

    path = "/auth/password"
    tags = ("Account",)

    @post(
        "/change",
        operation_id="changePassword",
        summary="Change the password; every other session ends",
        status_code=HTTP_204_NO_CONTENT,
        opt=raises(InvalidCredentials, PasswordRejected, ReauthenticationRequired, HashingCapacityExceeded),
    )
    async def change(
        self,
        data: JSONBody[ChangePasswordRequest],
        caller: NamedDependency[Authenticated],
        passwords: NamedDependency[Passwords],
        transaction: NamedDependency[Transaction],
    ) -> None:
        await passwords.change(transaction, caller, current=data.current_password, new=data.new_password)
