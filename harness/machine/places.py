"""Where things lie. The package is used from its checkout, be it by path or by an editable installation."""

from __future__ import annotations

from pathlib import Path

__all__ = ["CHECKOUT", "TOOLS"]

CHECKOUT = Path(__file__).resolve().parents[2]
TOOLS = CHECKOUT / ".nox"  # what Authassay installs for itself; ignored by git, safe to delete
