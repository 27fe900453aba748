"""All tables of the service in one metadata, for Alembic."""

from hybrid_auth.accounts.models import UserRow
from hybrid_auth.core.database import TABLE_PREFIX, Base
from hybrid_auth.mail.models import MailRow
from hybrid_auth.passkeys.models import PasskeyProfileRow, PasskeyRow
from hybrid_auth.passwords.models import PasswordRow, RegistrationRow
from hybrid_auth.recovery_codes.models import RecoveryCodesRow
from hybrid_auth.sessions.models import OutboxRow, SessionRow, SigningKeyRow
from hybrid_auth.signin.models import TrustedBrowserRow
from hybrid_auth.totp.models import TotpRow

TABLES = (
    UserRow,
    PasswordRow,
    RegistrationRow,
    SessionRow,
    OutboxRow,
    SigningKeyRow,
    MailRow,
    PasskeyRow,
    PasskeyProfileRow,
    TotpRow,
    RecoveryCodesRow,
    TrustedBrowserRow,
)
VERSION_TABLE = f"{TABLE_PREFIX}version"
metadata = Base.metadata
