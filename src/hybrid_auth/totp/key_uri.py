"""How a secret gets into an authenticator app: the key URI, and its QR code. Pure; the only door to segno."""

from io import BytesIO
from urllib.parse import quote, urlencode

import segno

from hybrid_auth.totp.codes import DIGITS, STEP_SECONDS, base32


def key_uri(secret: bytes, *, issuer: str, account: str) -> str:
    """``otpauth://totp/Issuer:account?…``; neither part can bring a colon or a parameter of its own with it."""
    issuer = issuer.replace(":", " ")
    label = f"{quote(issuer, safe='')}:{quote(account.replace(':', ' '), safe='@')}"
    parameters = {
        "secret": base32(secret),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": STEP_SECONDS,
    }
    return f"otpauth://totp/{label}?{urlencode(parameters, quote_via=quote)}"


def qr_svg(text: str) -> str:
    """A QR code as a stand-alone SVG document: black on white whatever the page, with its quiet zone."""
    document, code = BytesIO(), segno.make_qr(text, error="m")
    code.save(
        document, kind="svg", xmldecl=False, nl=False, omitsize=True, scale=4, border=4, dark="#000", light="#fff"
    )
    return document.getvalue().decode()
