"""The key URI, parsed back by what knows nothing of how it is made."""

import xml.etree.ElementTree as ET
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from hybrid_auth.totp.key_uri import key_uri, qr_svg
from tests.support.service import Service

SECRET = b"12345678901234567890"
AWKWARD = [
    "Plain",
    "Two Words",
    "a:b",
    "::",
    "a&secret=AAAA",
    "a?b#c",
    "100%",
    "%3A%26",
    "a/b/../c",
    "Größe & Söhne",
    "東京☎",
    "\"quoted\" 'too'",
    "a+b",
    "<svg onload=alert(1)>",
    "\\",
]
SVG = "{http://www.w3.org/2000/svg}"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def _parts(issuer: str, account: str) -> tuple[str, str]:
    """Issuer and account that an app reads out of the URI; all else is checked."""
    uri = key_uri(SECRET, issuer=issuer, account=account)
    assert uri.isascii()
    parsed = urlsplit(uri)
    assert (parsed.scheme, parsed.netloc, parsed.fragment) == ("otpauth", "totp", "")
    parameters = parse_qs(parsed.query, keep_blank_values=True, strict_parsing=True)
    shown = parameters.pop("issuer")
    assert parameters == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }
    label = parsed.path.removeprefix("/")
    # An app may split the label before or after it decodes it: both must give the same two parts.
    read = [tuple(unquote(part) for part in label.split(":")), tuple(unquote(label).split(":"))]
    assert len({*read}) == 1
    prefix, name = read[0]
    assert shown == [prefix]
    return prefix, name


@pytest.mark.parametrize("issuer", AWKWARD)
@pytest.mark.parametrize("account", ["kim@example.org", "a:b&secret=AAAA?#%@example.org", "o'neil+x@münchen.example"])
def test_neither_part_brings_anything_with_it(issuer: str, account: str) -> None:
    """Only a colon, which separates the two, is not shown as it is."""
    assert _parts(issuer, account) == (issuer.replace(":", " "), account.replace(":", " "))


@given(TEXT, TEXT)
def test_any_text_is_read_back(issuer: str, account: str) -> None:
    assert _parts(issuer, account) == (issuer.replace(":", " "), account.replace(":", " "))


def test_another_library_reads_it() -> None:
    """pyotp parses the URI, and makes the same codes of it."""
    uri = key_uri(SECRET, issuer="Größe & Söhne", account="kim@example.org")
    read = pyotp.parse_uri(uri)
    assert isinstance(read, pyotp.TOTP)
    assert (read.issuer, read.name) == ("Größe & Söhne", "kim@example.org")
    assert (read.at(59), read.digits, read.interval) == ("287082", 6, 30)


def test_the_qr_code_is_one_svg_document() -> None:
    """Nothing in it but paths: it is put into a page. Black on white, with a quiet zone of four modules."""
    uri = key_uri(SECRET, issuer="<svg onload=alert(1)>", account='"><script>@example.org')
    svg = qr_svg(uri)
    root = ET.fromstring(svg)  # noqa: S314 - our own
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {"svg", "g", "path"}
    attributes = {name for element in root.iter() for name in element.attrib}
    assert attributes == {"class", "d", "fill", "stroke", "transform", "viewBox"}
    ground, modules = root.iter(f"{SVG}path")
    assert (ground.get("fill"), modules.get("stroke")) == ("#fff", "#000")
    code = segno.make_qr(uri, error="m")
    side = code.symbol_size(border=4)[0]
    assert ground.get("d") == f"M0 0h{side}v{side}h-{side}z"
    assert root.get("viewBox") == f"0 0 {side * 4} {side * 4}"


async def test_enrolment_shows_the_uri_of_its_secret(service: Service) -> None:
    """32 characters of secret, whose codes are the app's; the QR code is drawn of the same URI."""
    person, client = await service.signed_in()
    offered = (await client.post("/auth/totp/enroll")).json()
    assert offered.keys() == {"secret", "otpauth_uri", "qr_svg", "expires_in"}
    assert len(offered["secret"]) == 32
    uri = urlsplit(offered["otpauth_uri"])
    assert parse_qs(uri.query)["secret"] == [offered["secret"]]
    assert unquote(uri.path) == f"/{service.settings.app_name}:{person.email}"
    assert offered["qr_svg"] == qr_svg(offered["otpauth_uri"])
    assert offered["expires_in"] == 900
