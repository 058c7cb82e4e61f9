"""A sealed bundle for each test, and keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from harness.evidence.seal import seal
from tests.harness.evidence.small_bundle import PREDICATE, Sealed, write_run


@pytest.fixture
def make_key(tmp_path: Path) -> Callable[[str], tuple[Path, Path]]:
    def make(name: str) -> tuple[Path, Path]:
        key = Ed25519PrivateKey.generate()
        private, public = tmp_path / f"{name}.pem", tmp_path / f"{name}.pub.pem"
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        return private, public

    return make


@pytest.fixture
def sealed(tmp_path: Path, make_key: Callable[[str], tuple[Path, Path]]) -> Sealed:
    folder = tmp_path / "run" / "bundle"
    write_run(folder)
    private, public = make_key("signer")
    seal(folder, PREDICATE, private)
    return Sealed(folder, public)
