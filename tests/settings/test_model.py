"""What is derived from the public URL, and what a repr shows."""

import pytest

from hybrid_auth.settings import Settings, host_name


@pytest.mark.parametrize(
    ("url", "origin", "host", "secure"),
    [
        ("https://ID.Example.com:443/", "https://id.example.com", "id.example.com", True),
        ("http://localhost:8001", "http://localhost:8001", "localhost", False),
        ("http://[::1]:80", "http://[::1]", "::1", False),
        ("https://id.example.com:8443", "https://id.example.com:8443", "id.example.com", True),
    ],
)
def test_public_url_decides_origin_host_and_cookies(url: str, origin: str, host: str, secure: bool) -> None:
    """Origin and host are as browsers compare them."""
    settings = Settings(public_url=url)
    assert (settings.public_origin, settings.public_host, settings.secure_cookies) == (origin, host, secure)
    assert (settings.issuer, settings.audience, settings.rp_id) == (origin, origin, host)
    assert (settings.allowed_origins, settings.allowed_hosts) == (frozenset({origin}), frozenset({host}))
    assert settings.mail_from == f"no-reply@{host}"


def test_given_values_stay_and_the_public_ones_are_added() -> None:
    """Further origins and hosts stand beside the public ones, without port or default port."""
    settings = Settings(
        public_url="https://id.example.com",
        issuer="https://issuer.example",
        rp_id="Example.COM",
        allowed_origins=frozenset({"https://App.example.com:443"}),
        allowed_hosts=frozenset({"Internal:8001", "[fd00::1]:80"}),
    )
    assert (settings.issuer, settings.audience, settings.rp_id) == (
        "https://issuer.example",
        "https://issuer.example",
        "example.com",
    )
    assert settings.allowed_origins == {"https://id.example.com", "https://app.example.com"}
    assert settings.allowed_hosts == {"id.example.com", "internal", "fd00::1"}


@pytest.mark.parametrize(
    ("authority", "name"),
    [
        ("Example.com:8001", "example.com"),
        ("[::1]:8001", "::1"),
        ("localhost", "localhost"),
        ("", ""),
        ("a@localhost", ""),
        ("localhost/x", ""),
        ("localhost:x", ""),
        ("[::1", ""),
    ],
)
def test_host_name_of_an_authority(authority: str, name: str) -> None:
    """The Host header is compared by name; what cannot be read has none."""
    assert host_name(authority) == name


def test_settings_cannot_be_changed_and_hide_their_secrets() -> None:
    """The object is frozen, and neither repr shows a secret."""
    settings = Settings(secret_keys=("hunter2",), database_url="hunter2", redis_url="hunter2", smtp_url="hunter2")
    with pytest.raises(AttributeError):
        settings.app_name = "x"  # type: ignore[misc]
    assert "hunter2" not in repr(settings) + str(list(settings.__rich_repr__()))
    assert "secret_keys='[set]'" in repr(settings)
