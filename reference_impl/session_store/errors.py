"""What a session store raises.

SessionStoreError
├── NotFound               the item is not there: never an empty value, never another exception
├── ValueRefused           the value or a name cannot round-trip; what was stored before is untouched
│   └── TooLarge           the value is larger than this store keeps
├── ItemDamaged            something is stored under the name, but this store did not write it so
│   ├── Tampered           the encrypted file was changed
│   └── Torn               some part of the value is missing
└── BackEndUnavailable     the operating system's store did not do what it was asked
    ├── BackEndLocked      it is locked, or its prompt was dismissed; nothing was changed
    ├── WrongKey           the encrypted file has another key than the one given: a mistyped passphrase, say
    └── BackEndTimedOut    it did not answer within the time limit

No message holds a value. The cause is kept where there is one.
"""

from __future__ import annotations


class SessionStoreError(Exception):
    """Base of all errors of the session store."""


class NotFound(SessionStoreError):
    """The item was never set, or was cleared."""


class ValueRefused(SessionStoreError):
    """The value, or a name that addresses it, cannot be stored so that exactly the same comes back."""


class ItemDamaged(SessionStoreError):
    """The stored text is not in this store's form: another program wrote it, or a back end cut it."""


class TooLarge(ValueRefused):
    """The value is larger than this store keeps; what was stored before is untouched."""


class Tampered(ItemDamaged):
    """The encrypted file is not what was written there."""


class Torn(ItemDamaged):
    """A value of several parts, of which one is missing or another's."""


class BackEndUnavailable(SessionStoreError):
    """The back end failed, is missing, or kept another value than the one it was given."""


class BackEndLocked(BackEndUnavailable):
    """The back end is there, but locked, or its unlock prompt was dismissed."""


class WrongKey(BackEndUnavailable):
    """The passphrase or key is not the encrypted file's; nothing was changed, and the right one still opens it."""


class BackEndTimedOut(BackEndUnavailable):
    """The back end did not answer in time. A write that was under way may still land later."""
