"""The stored form of a value: one text that every back end keeps, and that tells text from bytes.

Text is stored as ``text:`` and the text itself; bytes as ``b64:`` and base64. So an empty value is not an empty entry,
and an entry that another program wrote, or a back end cut, is noticed.
"""

from __future__ import annotations

import base64
import binascii

from reference_impl.session_store.errors import ItemDamaged, ValueRefused
from reference_impl.session_store.model import Limit

_TEXT, _BYTES = "text:", "b64:"


def encode(value: str | bytes, limit: Limit) -> str:
    """Return the stored form. Raises ValueRefused for what would not come back exactly."""
    stored = _BYTES + base64.b64encode(value).decode() if isinstance(value, bytes) else _TEXT + value
    if "\0" in stored:
        raise ValueRefused("the text holds a NUL, where some back ends cut it; set it as bytes instead")
    try:
        size = len(stored.encode(limit.encoding))
    except UnicodeEncodeError as error:
        # The original error would carry the value.
        raise ValueRefused(f"the text holds a lone surrogate at {error.start - len(_TEXT)}") from None
    if size > limit.max_bytes:
        raise ValueRefused(
            f"the value needs {size} bytes, this back end holds {limit.max_bytes}; keep the data elsewhere, "
            "encrypted, and store only its key"
        )
    return stored


def decode(stored: str) -> str | bytes:
    """Return the value exactly as it was set. Raises ItemDamaged for text that `encode` did not make."""
    if stored.startswith(_TEXT):
        return stored.removeprefix(_TEXT)
    if stored.startswith(_BYTES):
        try:
            return base64.b64decode(stored.removeprefix(_BYTES), validate=True)
        except binascii.Error:
            pass  # falls to the one message below; binascii's own may quote the value
    raise ItemDamaged("the stored entry is not in this store's form; clear the account and sign in again")
