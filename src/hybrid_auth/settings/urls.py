"""Origins and host names as browsers compare them (RFC 6454 §4, WHATWG URL)."""

from urllib.parse import SplitResult, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def split_url(url: str) -> SplitResult | None:
    """The parts of a URL, or None where it cannot be read, its port included."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def origin_of(url: str) -> str | None:
    """``scheme://host[:port]`` in lower case without the default port; None unless `url` is http(s) with a host."""
    parts = split_url(url)
    if parts is None or parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def bare_origin(url: str) -> str | None:
    """`origin_of` for a URL that is an origin and no more: no path, query, fragment or user name; else None."""
    parts = split_url(url)
    if parts is None or parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    return origin_of(url)


def host_name(authority: str) -> str:
    """The name in ``host[:port]`` (a Host header), lower-case, brackets of IPv6 and port dropped; "" if unreadable."""
    parts = split_url(f"//{authority}")
    if parts is None or "@" in authority or parts.path or parts.query or parts.fragment:
        return ""
    return parts.hostname or ""


def is_local_name(host: str) -> bool:
    """``localhost`` and names below it: browsers treat them as secure without TLS (W3C Secure Contexts §3.1)."""
    return host == "localhost" or host.endswith(".localhost")
