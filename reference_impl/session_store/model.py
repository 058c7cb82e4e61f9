"""The types that the session store shows to its callers; standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from reference_impl.session_store.errors import BackEndLocked, ValueRefused

# The documented item names. Nothing else is ever stored, so that `clear` and `items` are complete.
ITEMS = ("refresh_token", "profile", "pending_revocations")

# The largest value that is kept, in bytes of UTF-8 where it is text: a session is small, and whatever is larger belongs
# elsewhere, encrypted, with its key here.
LARGEST = 65_536

Mode = Literal["secure", "locked", "encrypted-file", "memory-only"]

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
_LONGEST_NAME = 200  # characters; Windows refuses a target name of 255 and more


@dataclass(frozen=True)
class Entry:
    """The address of one item. Its two names are unambiguous: no two entries share them, whatever they hold."""

    app: str
    stage: str
    account: str
    item: str

    def __post_init__(self) -> None:
        """Refuse names that no back end can keep apart or hold. Raises ValueRefused."""
        for part in (self.app, self.stage, self.account, self.item):
            if not part:
                raise ValueRefused("app, stage, account and item must not be empty: they address the entry")
        if len(self.service) + len(self.username) > _LONGEST_NAME:
            raise ValueRefused(f"the names of the entry exceed {_LONGEST_NAME} characters; use a shorter account id")

    @property
    def service(self) -> str:
        """The keyring's service name: application and stage."""
        return f"{escape(self.app)}/{escape(self.stage)}"

    @property
    def username(self) -> str:
        """The keyring's user name: account and item."""
        return f"{escape(self.account)}/{escape(self.item)}"


def escape(text: str) -> str:
    """Percent-encode all but lower-case letters, digits and ``-_.``: Windows folds the case of target names."""
    try:
        encoded = text.encode()
    except UnicodeEncodeError as error:
        raise ValueRefused("a name holds a lone surrogate, which no store can keep") from error
    return "".join(chr(byte) if chr(byte) in _PLAIN else f"%{byte:02x}" for byte in encoded)


@dataclass(frozen=True)
class Limit:
    """How much one entry of a back end can hold, counted in bytes of the encoding that the back end uses.

    The default holds every value that a store takes, so that none has to be split.
    """

    max_bytes: int = 4 * LARGEST
    encoding: str = "utf-8"


class BackEnd(Protocol):
    """A place that keeps text under an `Entry`. All methods may raise BackEndUnavailable.

    One that can be locked raises BackEndLocked without asking anybody, and may have a method ``unlock()`` that asks.
    """

    name: str
    limit: Limit

    def write(self, entry: Entry, stored: str) -> None:
        """Keep ``stored``; when this returns, the same text is read back."""

    def read(self, entry: Entry) -> str:
        """Return the kept text. Raises NotFound."""

    def delete(self, entry: Entry) -> None:
        """Remove the entry. Raises NotFound where there is none."""

    def close(self) -> None:
        """Give back what the back end holds open; safe to call twice."""


@dataclass(frozen=True)
class StorageWarning:
    """What the user must be told: what will happen, and what to do about it."""

    consequence: str
    fix: str


@dataclass(frozen=True)
class ThreatModel:
    """Against what a way to keep secrets protects, and against what it does not; each a short sentence."""

    protects: tuple[str, ...]
    does_not_protect: tuple[str, ...]


@dataclass(frozen=True)
class StorageStatus:
    """Where sign-ins are kept now. ``warning`` is None when all is well; encrypted files have a ``threat_model``.

    ``locked``: they lie in the secure store, which cannot be read or written until the user unlocks it.
    """

    mode: Mode
    back_end: str
    warning: StorageWarning | None = None
    threat_model: ThreatModel | None = None


@dataclass(frozen=True)
class Step:
    """One step of a self-test: what was tried, whether it held, why not, and how long it took."""

    name: Literal["write", "read-back", "delete", "gone"]
    ok: bool
    detail: str
    milliseconds: float


@dataclass(frozen=True)
class SelfTest:
    """The start-up trial of one back end: write, read back elsewhere, compare, delete, see that it is gone."""

    back_end: str
    steps: tuple[Step, ...]

    @property
    def passed(self) -> bool:
        """Whether all four steps were made and held."""
        return len(self.steps) == 4 and all(step.ok for step in self.steps)

    @property
    def locked(self) -> bool:
        """Whether it could not be made because the store is locked."""
        return any(step.detail.startswith(BackEndLocked.__name__) for step in self.steps if not step.ok)

    @property
    def failure(self) -> str:
        """Where and why it failed, in words; empty when it passed."""
        return "; ".join(f"the self-test failed at {step.name}: {step.detail}" for step in self.steps if not step.ok)


@dataclass(frozen=True)
class Settled:
    """What a chain came to: the back end to use, and by which test."""

    back_end: BackEnd
    status: StorageStatus
    test: SelfTest | None


@dataclass(frozen=True)
class Rejection:
    """A back end that was not taken, and why. ``source`` says who named it: the system, or the user's setting."""

    back_end: str
    source: str
    reason: str


@dataclass(frozen=True)
class Moved:
    """What became of one item that was found elsewhere: brought here, or older than what is here; it is gone there.

    ``failure`` says why it still is there, in words without the value; the next start tries again. ``entry`` is None
    where the source could not be listed.
    """

    entry: Entry | None
    source: str
    outcome: Literal["moved", "older", "failed"]
    failure: str = ""


@runtime_checkable
class Source(BackEnd, Protocol):
    """A back end whose entries can be listed: what can be moved from it is found."""

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries. Raises SessionStoreError."""
