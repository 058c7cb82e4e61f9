"""What can go wrong, as a tree.

AuthassayError                 every error that this product raises on purpose
├── UsageError                 what a person wrote cannot be used (exit 2)
│   └── Mistakes               several of them, each with file and line, told at once
├── TargetError                the system under verification cannot be opened or driven
│   ├── NotHere                something is not on this machine; carries the command that mends it
│   └── NotOffered             the target lacks a capability, or was told not to use it
├── EvidenceError              a bundle or journal cannot be read at all (exit 2)
└── RunInterrupted             the run did not reach its end (exit 3)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "AuthassayError",
    "EvidenceError",
    "Mistake",
    "Mistakes",
    "NotHere",
    "NotOffered",
    "RunInterrupted",
    "TargetError",
    "UsageError",
    "nearest",
]


class AuthassayError(Exception):
    """Every error that this product raises on purpose."""


class UsageError(AuthassayError):
    """What a person wrote cannot be used: where, what, nearest valid value, what to do next."""


class TargetError(AuthassayError):
    """The system under verification cannot be opened or driven."""


class NotHere(TargetError):
    """Something is not on this machine. `mend` is the one command that brings it, or what else to do."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(f"{what}; to mend it: {mend}")
        self.what = what
        self.mend = mend


class NotOffered(TargetError):
    """The target does not offer this capability: what needs it is `not_run`, or `not_applicable` where the target's
    description declares it absent."""

    def __init__(self, capability: str, reason: str, declared: bool = False) -> None:
        super().__init__(f"the target offers no {capability}: {reason}")
        self.capability, self.reason, self.declared = capability, reason, declared


class EvidenceError(AuthassayError):
    """A bundle or a journal cannot be read at all."""


class RunInterrupted(AuthassayError):
    """The run did not reach its end; what was recorded is readable."""


@dataclass(frozen=True, order=True)
class Mistake:
    """One mistake in something a person wrote. `line` counts from 1; 0 where the file as a whole is meant."""

    file: Path
    line: int
    what: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.what}" + (f" ({self.hint})" if self.hint else "")


class Mistakes(UsageError):
    """All mistakes found, in the order of file and line."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes))
        count = len(self.mistakes)
        head = "1 mistake" if count == 1 else f"{count} mistakes"
        super().__init__("\n".join([f"{head}:", *(f"  {mistake}" for mistake in self.mistakes)]))


def nearest(word: str, valid: Iterable[str]) -> str:
    """A hint with the valid value most like `word`, else the whole list."""
    choices = sorted(valid)
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.6) or _shortened(word, choices)
    if close:
        return f"did you mean {close[0]!r}?"
    return "valid: " + ", ".join(choices[:20]) + (", …" if len(choices) > 20 else "")


def _shortened(word: str, choices: Iterable[str]) -> list[str]:
    """The longest choice that `word` begins with, as `dev` is of `development`."""
    return sorted((each for each in choices if len(each) > 2 and word.startswith(each)), key=len)[-1:]
