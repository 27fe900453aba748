"""Names of well-known passkey providers by AAGUID, for people to recognise. Never a reason to accept or refuse."""

import json
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from hybrid_auth.core.errors import ConfigurationError, Finding

KNOWN: Mapping[UUID, str] = {
    UUID("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4"): "Google Password Manager",
    UUID("adce0002-35bc-c60a-648b-0b25f1f05503"): "Chrome on Mac",
    UUID("08987058-cadc-4b81-b6e1-30de50dcbe96"): "Windows Hello",
    UUID("9ddd1817-af5a-4672-a2b9-3e3dd95000a9"): "Windows Hello",
    UUID("6028b017-b1d4-4c02-b4b3-afcdafc96bb2"): "Windows Hello",
    UUID("fbfc3007-154e-4ecc-8c0b-6e020557d7bd"): "Apple Passwords",
    UUID("dd4ec289-e01d-41c9-bb89-70fa845d4bf2"): "Apple Passwords",
    UUID("bada5566-a7aa-401f-bd96-45619a55120d"): "1Password",
    UUID("d548826e-79b4-db40-a3d8-11116f7e8349"): "Bitwarden",
    UUID("531126d6-e717-415c-9320-3d9aa6981239"): "Dashlane",
    UUID("50726f74-6f6e-5061-7373-50726f746f6e"): "Proton Pass",
    UUID("0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6"): "Keeper",
    UUID("fdb141b2-5d84-443e-8a35-4698c205a502"): "KeePassXC",
    UUID("53414d53-554e-4700-0000-000000000000"): "Samsung Pass",
    UUID("b84e4048-15dc-4dd0-8640-f4f60813c8af"): "NordPass",
    UUID("891494da-2c90-4d31-a9cd-4eab0aed1309"): "Sésame",
    UUID("f3809540-7f14-49c1-a8b3-8f813b225541"): "Enpass",
    UUID("b5397666-4885-aa6b-cebf-e52262a439a2"): "Chromium Browser",
    UUID("771b48fd-d3d4-4f74-9232-fc157ab0507a"): "Edge on Mac",
}
NONE = UUID(int=0)


class Providers:
    """The small map above, and on top of it a file an operator may supply: ``{"<aaguid>": {"name": "…"}}``."""

    def __init__(self, file: Path | None = None) -> None:
        self._names = dict(KNOWN)
        if file is None:
            return
        try:
            listed = json.loads(file.read_text(encoding="utf-8"))
            self._names |= {UUID(aaguid): str(entry["name"])[:64] for aaguid, entry in listed.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            mend = 'Name a JSON file of the form {"<aaguid>": {"name": "…"}}.'
            finding = Finding("HYBRID_AUTH_PASSKEY_PROVIDERS", "cannot be read.", mend)
            raise ConfigurationError([finding]) from error

    def name(self, aaguid: UUID) -> str | None:
        """The provider's name; None for an unknown or an all-zero AAGUID."""
        return None if aaguid == NONE else self._names.get(aaguid)
