"""What the recovery code calls give."""

from msgspec import Struct


class RecoveryCodeList(Struct, frozen=True):
    """A set of recovery codes, shown once."""

    recovery_codes: tuple[str, ...]
