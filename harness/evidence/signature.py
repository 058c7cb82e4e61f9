"""Whether a bundle's envelope is signed, by whom, and over this very statement."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]  # exported, though not declared so

from harness.errors import EvidenceError, UsageError
from harness.evidence.breach import Breach
from harness.evidence.canonical import canonical, parse
from harness.evidence.files import BundleFiles
from harness.evidence.seal import ENVELOPE, PAYLOAD_TYPE, STATEMENT, load_public_key, public_half

__all__ = ["Signed", "check_signature"]


@dataclass(frozen=True)
class Signed:
    """`signer` is `unverified`, or the id of the trusted key that signed."""

    signer: str = "unverified"
    breaches: tuple[Breach, ...] = ()
    notes: tuple[str, ...] = ()


def check_signature(path: Path, files: BundleFiles, public_key: Path | None) -> Signed:
    """Checks the envelope with the auditor's key, else with the one beside the bundle, which proves that nothing was
    changed since, but not who signed. Raises UsageError where the auditor's key is none."""
    trusted = load_public_key(public_key) if public_key else None
    if ENVELOPE not in files.names:
        return Signed()  # told as missing
    try:
        envelope = _envelope(files)
        beside, note = (None, "") if trusted else _beside(path)
    except (EvidenceError, UsageError) as error:
        return Signed(breaches=(Breach("signature", ENVELOPE, str(error)),))
    key = trusted or beside
    if key is None:
        return Signed(notes=(note,))
    known = SSlibKey.from_crypto(key)
    try:
        envelope.verify([known], 1)
    except (VerificationError, ValueError):
        whose = f"the key in {public_key}" if trusted else "the key beside the bundle"
        return Signed(breaches=(Breach("signature", ENVELOPE, f"it is not signed by {whose}"),))
    return Signed(known.keyid) if trusted else Signed(notes=(note,))


def _envelope(files: BundleFiles) -> Envelope:
    """The envelope, if each of its bytes is as it must be and it holds the statement's very bytes."""
    data = files.read(ENVELOPE)
    fields = parse(data)
    try:
        envelope = Envelope.from_dict(fields)
        spelled = canonical(envelope.to_dict())
    except Exception as error:  # noqa: BLE001 (the library states no errors for a broken envelope)
        raise EvidenceError(f"no DSSE envelope: {type(error).__name__}") from None
    if spelled != data:
        raise EvidenceError("the envelope is not spelled canonically")
    if envelope.payload_type != PAYLOAD_TYPE or len(envelope.signatures) != 1:
        raise EvidenceError("the envelope is of another type, or has not exactly one signature")
    if STATEMENT in files.names and envelope.payload != files.read(STATEMENT):
        raise EvidenceError(f"what was signed is not {STATEMENT}")
    return envelope


def _beside(path: Path) -> tuple[Ed25519PublicKey | None, str]:
    folder = path.with_suffix("") if path.suffix == ".zip" else path  # a zip may be made of a folder later
    for file in (public_half(path), public_half(folder)):
        if file.is_file():
            return load_public_key(file), (
                f"signed with the key in {file.name}, which lies beside the bundle: nothing was changed since, but who"
                " signed is not known; give --key with a public key that you trust"
            )
    return None, (
        f"no public key at hand ({public_half(path).name} is not beside the bundle): the signature was not checked;"
        " give --key"
    )
