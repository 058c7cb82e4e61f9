"""The commands by which an auditor checks a bundle himself."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from harness.report.report_input import SealFacts

__all__ = ["Command", "commands"]

_DIGESTS = """\
(cd {bundle} && python3 -c '
import json
for subject in json.load(open("statement.json"))["subject"]:
    print(subject["digest"]["sha256"], "", subject["name"])
' | sha256sum --check --quiet)"""

# Runs where Authassay is not: the signature covers the pre-authentication encoding of DSSE v1.
_SIGNATURE = """\
python3 - {bundle} <<'END' && openssl pkeyutl -verify -pubin -inkey {key} -rawin -in pae -sigfile sig
import base64, json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
envelope = json.loads((folder / "statement.dsse.json").read_text())
payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
assert payload == (folder / "statement.json").read_bytes(), "the envelope is about another statement"
pathlib.Path("pae").write_bytes(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload))
pathlib.Path("sig").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
END"""


@dataclass(frozen=True)
class Command:
    """A command that the reader can run, and what it shows."""

    shows: str
    text: str


def commands(seal: SealFacts) -> tuple[Command, ...]:
    """How an auditor checks the bundle himself: with Authassay, and without it."""
    bundle, key = shlex.quote(seal.bundle), shlex.quote(seal.public_key or f"{seal.bundle}.pub")
    return (
        Command(
            "Check the whole bundle: digests, completeness, chain, signature; judge every finding again from its "
            "observations; look for secrets.",
            f"authassay audit {bundle} --key {key}",
        ),
        Command("Ask the gate again, under a policy of your own.", f"authassay gate {bundle} --policy POLICY.toml"),
        Command(
            "Without Authassay: compare every file with its digest. It is silent where all agree.",
            _DIGESTS.format(bundle=bundle),
        ),
        Command("Without Authassay: verify the signature.", _SIGNATURE.format(bundle=bundle, key=key)),
        Command("See the checks fail: seed every fault again.", "authassay faults"),
        Command("Repeat the run on a machine that you trust.", "python3 noxfile.py -s verify"),
    )
