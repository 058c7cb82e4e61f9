"""What session stores did and hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from harness.observations.base import Observation

__all__ = ["SelfTestRun", "StoreListing", "StoreOperation", "StoreState"]


@dataclass(frozen=True, kw_only=True)
class StoreOperation(Observation):
    """One operation on a session store, from another process. Values are witnesses: given and read by SHA-256.
    `outcome`: done, value, not_found, refused, locked, error."""

    kind: Literal["store-operation"] = "store-operation"
    operation: Literal["set", "get", "clear"]
    stage: str
    account: str
    item: str = ""
    outcome: Literal["done", "value", "not_found", "refused", "locked", "error"]
    value: str = ""  # a name for the witness that was set, "" for get and clear
    sha256: str = ""  # of the value set or read
    length: int = 0
    error: str = ""  # type of the error
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class StoreListing(Observation):
    """The item names a store holds for one stage and account, and those that are documented. `raw` are all entries of
    the whole store as another program lists them, `stage/account/item` or their own names where they follow no such
    scheme; None where no other program can (a process's memory)."""

    kind: Literal["store-listing"] = "store-listing"
    stage: str
    account: str
    items: tuple[str, ...]
    documented: tuple[str, ...]
    raw: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class StoreState(Observation):
    """How a client says its secrets are kept. `mode` is `secure`, `locked` or `memory-only`."""

    kind: Literal["store-state"] = "store-state"
    mode: str
    back_end: str
    warning: str = ""
    signed_in: bool | None = None
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class SelfTestRun(Observation):
    """The start-up self-test of a store: the steps it took, and for each whether it held."""

    kind: Literal["self-test"] = "self-test"
    back_end: str
    steps: Mapping[str, bool]
    accepted: bool
    before_login: bool
