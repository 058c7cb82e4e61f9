"""Searches what is to be packed for what may be in no artifact; a find is told by name and place, never by value."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping

from reference_impl.config.build_stamp import host_digest

HOST = re.compile(rb"(?<=://)[\w.-]+(?::\d+)?|[\w-]+(?:\.[\w-]+)+(?::\d+)?", re.ASCII)
SECRETS = {
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a private JWK": re.compile(rb'\\?"d\\?"\s*:\s*\\?"[A-Za-z0-9_-]{40,}'),
    "the hash of a password": re.compile(rb"scrypt\$\d+\$\d+\$\d+\$|\$2[aby]\$\d\d\$|\$argon2"),
    "a signed token": re.compile(rb"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\."),
    "a key of AWS": re.compile(rb"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a secret key of a service": re.compile(
        rb"\b(?:[sr]k_(?:live|test)_\w{8}|gh[pousr]_\w{20}|github_pat_\w{20}|xox[abprs]-\w{8})"
    ),
    "the password of a URL": re.compile(rb"://[^\s/:@\"'{}]*:[^\s/:@\"'{}]+@"),
}
CALLED_SECRET = re.compile("KEY|SECRET|TOKEN|PASSW|CREDENTIAL", re.IGNORECASE)
LONG_ENOUGH = 12  # characters: what is shorter may be anywhere by chance


def search(contents: Mapping[str, bytes], foreign: Container[str], environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each find: a host whose digest is ``foreign``, what has the form of a secret, and the value
    of a variable of the build machine that is called a secret."""
    known = {name: value.encode() for name, value in environ.items() if CALLED_SECRET.search(name)}
    for path, data in contents.items():
        hosts = {host for found in HOST.findall(data) for host in (found, found.partition(b":")[0])}
        if any(host_digest(f"//{host.decode()}") in foreign for host in hosts):
            yield f"{path} names a host of a stage that is not built"
        yield from (f"{path} holds {what}" for what, form in SECRETS.items() if form.search(data))
        yield from (
            f"{path} holds the value of {name}"
            for name, value in known.items()
            if len(value) >= LONG_ENOUGH and value in data
        )
