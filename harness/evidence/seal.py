"""The seal: an in-toto Statement v1 that names every file of a bundle, in a DSSE envelope signed with Ed25519.

It proves that nothing was changed since the holder of the key signed. It does not prove that what was observed is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]  # exported, though not declared so

from harness.errors import UsageError
from harness.evidence.bundle import complete
from harness.evidence.canonical import canonical, parse, sha256
from harness.evidence.files import open_files
from harness.evidence.records import count, finding_from

__all__ = [
    "ENVELOPE",
    "PAYLOAD_TYPE",
    "PREDICATE_TYPE",
    "STATEMENT",
    "STATEMENT_TYPE",
    "load_private_key",
    "load_public_key",
    "public_half",
    "seal",
]

STATEMENT, ENVELOPE = "statement.json", "statement.dsse.json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://authassay.dev/bundle/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"


def seal(folder: Path, predicate: Mapping[str, Any], key: Path | None = None) -> Path:
    """Joins what the workers wrote, states every file and signs the statement. Returns the envelope's path.

    `predicate` tells cells, target, versions, digests, times and policy parameters; the verdict counts are added. `key`
    is an Ed25519 private key in PEM; without one a fresh key signs, and its public half lies beside the folder.
    Raises UsageError for a key that cannot be used, EvidenceError for a folder that no run wrote.
    """
    private = load_private_key(key) if key else Ed25519PrivateKey.generate()
    if any(folder.glob("journal.*.jsonl")):
        complete(folder)
    statement = canonical(_statement(folder, predicate))
    envelope = Envelope(statement, PAYLOAD_TYPE, {})
    envelope.sign(CryptoSigner(private))
    (folder / STATEMENT).write_bytes(statement)
    (folder / ENVELOPE).write_bytes(canonical(envelope.to_dict()))
    public = public_half(folder)
    if key:
        public.unlink(missing_ok=True)  # of an earlier seal
    else:
        public.write_bytes(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return folder / ENVELOPE


def public_half(bundle: Path) -> Path:
    """Where the public half of a fresh key lies: beside the bundle."""
    bundle = bundle.resolve()
    return bundle.with_name(f"{bundle.name}.pub")


def load_private_key(path: Path) -> Ed25519PrivateKey:
    """The key in a PEM file without a password. Raises UsageError."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"{path}: no private key: {error}; {_MAKE}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path}: a key of another kind than Ed25519; {_MAKE}")
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """The key in a PEM file. Raises UsageError."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: no public key: {error}; {_DERIVE}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path}: a key of another kind than Ed25519; {_DERIVE}")
    return key


_MAKE = "make one with: openssl genpkey -algorithm ed25519 -out key.pem"
_DERIVE = "write it with: openssl pkey -in key.pem -pubout -out key.pub"


def _statement(folder: Path, predicate: Mapping[str, Any]) -> dict[str, Any]:
    files = open_files(folder)
    subjects = [
        {"name": name, "digest": {"sha256": sha256(files.read(name))}}
        for name in files.names
        if name not in (STATEMENT, ENVELOPE)
    ]
    findings = [finding_from(parse(line)) for line in files.read("findings.jsonl").split(b"\n")[:-1]]
    return {
        "_type": STATEMENT_TYPE,
        "subject": subjects,
        "predicateType": PREDICATE_TYPE,
        "predicate": {**predicate, "verdicts": count(findings)},
    }
