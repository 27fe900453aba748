"""What the passkey calls take and give. The WebAuthn documents keep the names of WebAuthn Level 3 §5.1."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from hybrid_auth.core.clock import whole_seconds
from hybrid_auth.core.tokens import encode_base64url
from hybrid_auth.passkeys.ceremony import ALGORITHMS
from hybrid_auth.passkeys.models import PasskeyRow
from hybrid_auth.signin.schemas import Client, LoginResult, Secretive

PasskeyName = Annotated[str, Meta(min_length=1, max_length=64)]
Credential = dict[str, Any]
"""`PublicKeyCredential.toJSON()`, judged by the ceremony."""


class Passkey(Struct, frozen=True, kw_only=True):
    """A passkey as its owner sees it."""

    id: UUID
    credential_id: str
    name: str
    provider: str | None
    aaguid: UUID
    created_at: datetime
    last_used_at: datetime | None
    backed_up: bool
    device_type: Literal["single_device", "multi_device"]
    """`multi_device`: it may be synced."""
    transports: list[str]
    suspected: bool
    """Its counter once went back: somebody may have copied it."""

    @classmethod
    def of(cls, row: PasskeyRow, *, provider: str | None) -> "Passkey":
        return cls(
            id=row.id,
            credential_id=encode_base64url(row.credential_id),
            name=row.name,
            provider=provider,
            aaguid=row.aaguid,
            created_at=whole_seconds(row.created_at),
            last_used_at=whole_seconds(row.last_used_at) if row.last_used_at else None,
            backed_up=row.backed_up,
            device_type="multi_device" if row.backup_eligible else "single_device",
            transports=list(row.transports),
            suspected=row.suspected_at is not None,
        )


class PasskeyList(Struct, frozen=True):
    """Also what the Signal API needs: `signalAllAcceptedCredentials` is safe with just this list."""

    rp_id: str
    user_handle: str
    passkeys: list[Passkey]
    offer_declined: bool


class RegistrationOptionsRequest(Struct, frozen=True, forbid_unknown_fields=True):
    mode: Literal["conditional"] | None = None


class OfferRequest(Struct, frozen=True, forbid_unknown_fields=True):
    declined: bool


class RenameRequest(Struct, frozen=True, forbid_unknown_fields=True):
    name: PasskeyName


class RegistrationVerifyRequest(Secretive, frozen=True):
    credential: Credential
    name: PasskeyName | None = None
    client: Client = "browser"


class AuthenticationVerifyRequest(Secretive, frozen=True):
    credential: Credential
    client: Client = "browser"


class RegisteredPasskey(Passkey, frozen=True, kw_only=True):
    """With an enrolment token the person is signed in at once."""

    sign_in: LoginResult | UnsetType = UNSET

    @classmethod
    def of_passkey(cls, passkey: Passkey, *, sign_in: LoginResult | UnsetType = UNSET) -> "RegisteredPasskey":
        return cls(**structs.asdict(passkey), sign_in=sign_in)


class RpEntity(Struct, frozen=True):
    id: str
    name: str


class UserEntity(Struct, frozen=True, rename="camel"):
    id: str
    name: str
    display_name: str


class Parameter(Struct, frozen=True):
    alg: int
    type: Literal["public-key"] = "public-key"


class Descriptor(Struct, frozen=True):
    id: str
    transports: list[str]
    type: Literal["public-key"] = "public-key"

    @classmethod
    def of(cls, row: PasskeyRow) -> "Descriptor":
        return cls(id=encode_base64url(row.credential_id), transports=list(row.transports))


class Selection(Struct, frozen=True, rename="camel"):
    """A discoverable credential, made with the person verified."""

    resident_key: Literal["required"] = "required"
    require_resident_key: bool = True
    user_verification: Literal["required"] = "required"


class CreationExtensions(Struct, frozen=True, rename="camel"):
    cred_props: bool = True


class CreationOptions(Struct, frozen=True, rename="camel"):
    """`PublicKeyCredentialCreationOptionsJSON`."""

    rp: RpEntity
    user: UserEntity
    challenge: str
    timeout: int
    """Milliseconds, the life of the challenge."""
    exclude_credentials: list[Descriptor]
    pub_key_cred_params: tuple[Parameter, ...] = tuple(Parameter(alg) for alg in ALGORITHMS)
    authenticator_selection: Selection = Selection()
    attestation: Literal["none"] = "none"
    hints: tuple[str, ...] = ()
    extensions: CreationExtensions = CreationExtensions()


class RequestOptions(Struct, frozen=True, rename="camel"):
    """`PublicKeyCredentialRequestOptionsJSON`."""

    challenge: str
    rp_id: str
    timeout: int
    """Milliseconds, the life of the challenge."""
    allow_credentials: list[Descriptor]
    user_verification: Literal["required"] = "required"
    hints: tuple[str, ...] = ()
