"""Seeded defects: each swaps one part at a composition root. What a check never failed on, it does not prove."""

from __future__ import annotations

from harness.faults.registry import Fault, fault, load_faults

__all__ = ["Fault", "fault", "load_faults"]
