"""What an issuer publishes of itself (RFC 8414 §3), as a run recorded it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.errors import EvidenceError
from harness.evidence.canonical import parse

__all__ = ["published_documents"]


def published_documents(folder: Path) -> Iterator[str]:
    """The bodies of its metadata documents, from the observations in an unsealed folder."""
    for file in sorted(folder.glob("observations*.jsonl")):
        for line in file.read_bytes().split(b"\n"):
            if b'"metadata"' in line:
                yield from _document(line)


def _document(line: bytes) -> Iterator[str]:
    try:
        seen = parse(line)
    except EvidenceError:  # the audit tells of it
        return
    about, body = seen.get("about"), seen.get("body")
    if isinstance(about, dict) and about.get("role") == "metadata" and seen.get("status") == 200:
        yield str(body)
