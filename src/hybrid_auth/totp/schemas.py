"""What the TOTP calls take and give."""

from msgspec import UNSET, Struct, UnsetType

from hybrid_auth.signin.schemas import Client, Code, LoginResult, Secretive


class TotpEnrolment(Struct, frozen=True):
    """A secret for an authenticator app, shown once; it is in force only after `activate`."""

    secret: str
    """Base32, 32 characters."""
    otpauth_uri: str
    qr_svg: str
    """The URI as a QR code: a stand-alone SVG document."""
    expires_in: int


class TotpActivationRequest(Secretive, frozen=True):
    code: Code
    client: Client = "browser"
    """Only with an enrolment token, which is followed by a sign-in."""


class TotpActivated(Struct, frozen=True):
    """The app is in force."""

    recovery_codes: tuple[str, ...]
    """Shown once."""
    sign_in: LoginResult | UnsetType = UNSET
    """Only for who came with an enrolment token."""
