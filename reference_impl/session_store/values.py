"""The stored form of a value: one text that every back end keeps, and that tells text from bytes and new from old.

``<generation>;text:`` and the text itself, or ``<generation>;b64:`` and base64. So an empty value is not an empty
entry, and an entry that another program wrote, or a back end cut, is noticed. An ``i`` before the semicolon marks a
value that was found in a store of plain text. Without a generation it is the form of the first version, older than any.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from reference_impl.session_store.errors import ItemDamaged, TooLarge, ValueRefused
from reference_impl.session_store.model import LARGEST

_TEXT, _BYTES = "text:", "b64:"
_HEAD = re.compile(r"(\d{1,16})(i?);")


@dataclass(frozen=True)
class Kept:
    """A value as it is kept.

    ``generation`` grows with every set of the item, on whatever store: milliseconds since 1970, and one more than the
    one before where clocks stand still or go back. ``imported``: it lay in plain text somewhere, and whoever could read
    it there has it, until the issuer is asked for another.
    """

    value: str | bytes
    generation: int = 0
    imported: bool = False


def check(value: str | bytes) -> None:
    """Raise ValueRefused for what would not come back exactly, TooLarge for what is larger than `LARGEST`."""
    if not isinstance(value, str | bytes):  # a caller without types: the absence of a value is not one
        raise ValueRefused(f"{type(value).__name__} is neither text nor bytes; to remove an item, clear it")
    if isinstance(value, str) and "\0" in value:
        raise ValueRefused("the text holds a NUL, where some back ends cut it; set it as bytes instead")
    try:
        size = len(value if isinstance(value, bytes) else value.encode())
    except UnicodeEncodeError as error:
        # The original error would carry the value.
        raise ValueRefused(f"the text holds a lone surrogate at {error.start}") from None
    if size > LARGEST:
        raise TooLarge(
            f"the value has {size} bytes, and this store keeps up to {LARGEST}; keep the data elsewhere, encrypted, "
            "and store only its key"
        )


def encode(kept: Kept) -> str:
    """Return the stored form. Raises what `check` raises."""
    check(kept.value)
    head = f"{kept.generation}{'i' if kept.imported else ''};"
    if isinstance(kept.value, bytes):
        return head + _BYTES + base64.b64encode(kept.value).decode()
    return head + _TEXT + kept.value


def decode(stored: str) -> Kept:
    """Return the value exactly as it was set. Raises ItemDamaged for text that `encode` did not make."""
    head = _HEAD.match(stored)
    body = stored[head.end() :] if head else stored
    generation, imported = (int(head[1]), bool(head[2])) if head else (0, False)
    if body.startswith(_TEXT):
        return Kept(body.removeprefix(_TEXT), generation, imported)
    if body.startswith(_BYTES):
        try:
            return Kept(base64.b64decode(body.removeprefix(_BYTES), validate=True), generation, imported)
        except binascii.Error:
            pass  # falls to the one message below; binascii's own may quote the value
    raise ItemDamaged("the stored entry is not in this store's form; clear the account and sign in again")
