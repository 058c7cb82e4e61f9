"""Where each value of a configuration came from, to be explained to whoever asks; secrets are told as marks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from reference_impl.config.variables import Type, Variable
from reference_impl.origin import without_credentials

DEFAULT = "default"
NOT_SET = "not set"


@dataclass(frozen=True)
class Origin:
    """One value: what it is called, where it came from, and how it may be shown."""

    name: str
    source: str
    value: str
    secret: bool = False


class Origins:
    """Collects origins while a configuration is read, in the order of reading; each name once, the latest counts."""

    def __init__(self) -> None:
        self._found: dict[str, Origin] = {}

    def note(self, name: str, source: str, value: str, *, secret: bool = False, chosen: bool = False) -> None:
        """Keep where a value came from. Of a secret only its mark is kept, and of one that somebody may have
        ``chosen`` no more than its length."""
        shown = (length_mark if chosen else mark)(value) if secret and value else without_credentials(value)
        self._found[name] = Origin(name, source, shown, secret)

    def note_variable(self, variable: Variable, given: str) -> None:
        """Keep what a variable holds; ``given`` is "" where it is not set. JSON may hold anything: it is not shown."""
        whole = variable.type is Type.JSON
        source = f"environment {variable.name}" if given else DEFAULT if variable.default else NOT_SET
        self.note(variable.name, source, given or variable.default, secret=variable.secret or whole, chosen=whole)

    def __iter__(self) -> Iterator[Origin]:
        return iter(self._found.values())


def mark(secret: str) -> str:
    """Return what stands for a secret: its length and 8 hex digits of its SHA-256, by which two can be compared.

    Only what was made at random, of 128 bits and more, may be told so: by the digits of another it could be guessed,
    however long it is.
    """
    if len(secret) < 22:  # base64 characters of 128 bits
        return length_mark(secret)
    return f"<secret, {len(secret)} characters, sha256 {hashlib.sha256(secret.encode()).hexdigest()[:8]}…>"


def length_mark(secret: str) -> str:
    """Return what stands for a secret that a person may have thought of."""
    return f"<secret, {len(secret)} characters>"
