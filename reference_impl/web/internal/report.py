"""What the debug page shows, and its export holds: how things stand, and of secrets nothing but a keyed hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from reference_impl.session_store import StorageStatus
from reference_impl.token_manager import TokenManager

_KEY = secrets.token_bytes(32)  # of this process: a hash tells two tokens apart, and cannot be looked up
_HASHED = 8  # hexadecimal digits


@dataclass(frozen=True)
class DebugReport:
    """``fields``: what there is to know, by name. ``variables``: `set` or `unset` by the name of each variable."""

    fields: Mapping[str, str]
    variables: Mapping[str, str]


def make_report(
    stage: str,
    manager: TokenManager,
    storage: StorageStatus,
    session_ends_at: float,
    variables: Mapping[str, bool],
) -> DebugReport:
    """Return the report of a session. ``session_ends_at``: seconds since the epoch."""
    token = manager.named(manager.handle)
    refreshed = manager.last_refresh
    fields = {
        "stage": stage,
        "issuer": manager.oauth.issuer,
        "client_id": manager.oauth.client_id,
        "storage mode": storage.mode,
        "session expires": _time(session_ends_at),
        "access token": f"#{keyed_hash(token)}" if token else "none",
        "access token expires": _time(manager.held_until) if manager.held_until else "none is held",
        "last refresh": f"{refreshed[1]}, {_time(refreshed[0])}" if refreshed else "none yet",
    }
    return DebugReport(fields, {name: "set" if is_set else "unset" for name, is_set in sorted(variables.items())})


def keyed_hash(token: str) -> str:
    """Return the first digits of a hash that only this process can make again."""
    return hmac.new(_KEY, token.encode(), hashlib.sha256).hexdigest()[:_HASHED]


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="seconds")
