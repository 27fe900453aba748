"""Names of passkey providers, for people to recognise."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from hybrid_auth.core.errors import ConfigurationError
from hybrid_auth.passkeys.providers import KNOWN, Providers

GOOGLE = UUID("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4")
OTHER = UUID("11111111-1111-4111-8111-111111111111")


def test_well_known_ones_have_a_name() -> None:
    """And none of those names is too long for a passkey's."""
    assert Providers().name(GOOGLE) == "Google Password Manager"
    assert all(0 < len(name) <= 60 for name in KNOWN.values())


@pytest.mark.parametrize("aaguid", [UUID(int=0), OTHER])
def test_others_have_none(aaguid: UUID) -> None:
    """All zero says that nothing is said."""
    assert Providers().name(aaguid) is None


def test_a_file_adds_to_them(tmp_path: Path) -> None:
    """In the form of the community list of AAGUIDs; it may rename, but gives no name to zero."""
    file = tmp_path / "aaguids.json"
    listed = {
        str(OTHER): {"name": "Ö" * 70, "icon_dark": "x"},
        str(GOOGLE): {"name": "G"},
        str(UUID(int=0)): {"name": "0"},
    }
    file.write_text(json.dumps(listed), encoding="utf-8")
    providers = Providers(file)
    assert [providers.name(aaguid) for aaguid in (OTHER, GOOGLE, UUID(int=0))] == ["Ö" * 64, "G", None]
    assert providers.name(UUID("bada5566-a7aa-401f-bd96-45619a55120d")) == "1Password"


@pytest.mark.parametrize(
    "content", ["", "[]", '{"x": {"name": "y"}}', '{"11111111-1111-4111-8111-111111111111": {}}', "\ud800"]
)
def test_a_file_that_is_none_stops_the_start(tmp_path: Path, content: str) -> None:
    """With a sentence that says how to mend it."""
    file = tmp_path / "aaguids.json"
    file.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(ConfigurationError, match="HYBRID_AUTH_PASSKEY_PROVIDERS"):
        Providers(file)
    with pytest.raises(ConfigurationError, match="HYBRID_AUTH_PASSKEY_PROVIDERS"):
        Providers(tmp_path / "nowhere.json")
