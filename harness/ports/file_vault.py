"""The client's encrypted-file vault, where its session store offers one."""

from __future__ import annotations

from typing import Protocol

from harness.observations import AccessAttempt, FileModes, StoreOperation, TamperTable

__all__ = ["FileVault"]


class FileVault(Protocol):
    """A vault of files with one canary in it, and a key elsewhere."""

    def keep(self, case: str) -> StoreOperation:
        """Store the canary, and read it back by another opening of the vault."""

    def modes(self, case: str) -> FileModes: ...

    def tamper(self, case: str) -> TamperTable:
        """Change every region of every file, one at a time, and read the canary after each change."""

    def attempt(self, case: str, who: str) -> AccessAttempt:
        """Try to obtain the canary as the `second user` of the machine, or on a `second machine`."""

    def close(self) -> None: ...
