"""The CBOR of authenticators, walked before anything decodes it (CTAP 2.2 §8, the canonical form).

A general decoder turns tags into objects: a regular expression, a date, a shared reference. One tag 35 of a few
kilobytes keeps its compiler, and with it every other request, busy for a minute. Authenticators must not send tags.
"""

MAX_NESTING = 4
"""Of maps and arrays (CTAP 2.2 §8)."""
_DEFINITE = {24: 1, 25: 2, 26: 4, 27: 8}
_TAG, _ARRAY, _MAP = 6, 4, 5
_AT, _ED = 0x40, 0x80
_HEAD = 37
"""rpIdHash, flags and signCount (WebAuthn L3 §6.1)."""


def end_of_item(data: bytes, start: int, *, nesting: int = MAX_NESTING) -> int:
    """Where the item that begins at `start` ends; ValueError for one that is cut off, tagged, indefinite or deep."""
    if start >= len(data):
        raise ValueError("cut off")
    major, argument, position = data[start] >> 5, data[start] & 31, start + 1
    if argument >= min(_DEFINITE):
        width = _DEFINITE.get(argument)
        if width is None:
            raise ValueError("indefinite or reserved length")
        argument = int.from_bytes(data[position : position + width], "big")
        position += width
    if major == _TAG:
        raise ValueError("tagged")
    if major in (2, 3):
        position += argument
    elif major in (_ARRAY, _MAP):
        if nesting == 0:
            raise ValueError("nested too deeply")
        for _ in range(argument if major == _ARRAY else 2 * argument):
            position = end_of_item(data, position, nesting=nesting - 1)
    if position > len(data):
        raise ValueError("cut off")
    return position


def walk_item(data: bytes) -> None:
    """ValueError unless `data` is one such item and nothing else."""
    if end_of_item(data, 0) != len(data):
        raise ValueError("bytes after it")


def walk_authenticator_data(data: bytes) -> None:
    """ValueError unless the parts that the flags announce are there, whole, and nothing follows (WebAuthn L3 §6.1)."""
    if len(data) < _HEAD:
        raise ValueError("cut off")
    flags, end = data[32], _HEAD
    if flags & _AT:
        length = int.from_bytes(data[_HEAD + 16 : _HEAD + 18], "big")
        end = end_of_item(data, _HEAD + 18 + length)
    if flags & _ED:
        end = end_of_item(data, end)
    if end != len(data):
        raise ValueError("bytes after it")
