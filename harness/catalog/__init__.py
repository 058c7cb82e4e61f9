"""The controls and the policy parameters as data, loaded and validated."""

from __future__ import annotations

from harness.catalog.canonical import catalog_from_json, catalog_json
from harness.catalog.loader import load_catalog

__all__ = ["catalog_from_json", "catalog_json", "load_catalog"]
