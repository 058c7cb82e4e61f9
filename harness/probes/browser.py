"""A real Chromium: one process for a target, one context for each user agent.

The certificate of loopback servers is accepted by its public key, and by nothing else: with certificate errors ignored
altogether Chromium would cache nothing, and treat pages otherwise than on a user's machine.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import socket
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate
from playwright.sync_api import Browser, BrowserContext

from harness.probes.clients import loopback
from harness.probes.driver import PATIENCE, Driver, launching

__all__ = ["Chromium", "public_key_hash"]

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-sandbox",  # it runs as root in containers, and visits loopback and the target only
)
# Nothing outside this machine but what is named; `.test` is reserved for names that exist nowhere (RFC 6761 §6.2).
RULES = "MAP *.localhost 127.0.0.1, MAP *.test 127.0.0.1, EXCLUDE 127.0.0.1"


class Chromium:
    """A browser with a temporary profile. `close` ends it."""

    downloads: Path | None = None  # Playwright tells of what pages save

    def __init__(
        self, executable: Path, environment: Mapping[str, str], *spki_hashes: str, hosts: Iterable[str] = ()
    ) -> None:
        """`spki_hashes`: base64 SHA-256 of public keys that are trusted besides the machine's authorities; `hosts`:
        what alone it may go to; none: all of loopback. Its files go where `environment` says that temporary files go.
        Raises NotHere where it does not start."""
        known = ",".join(filter(None, spki_hashes))
        trusted = [f"--host-resolver-rules={_rules(hosts)}"]
        trusted += [f"--ignore-certificate-errors-spki-list={known}"] if known else []
        driver = Driver.acquire(environment)
        with launching(executable):
            self._browser: Browser | None = driver.chromium.launch(
                executable_path=executable, args=[*FLAGS, *trusted], env=dict(environment), timeout=30_000
            )
        self.executable = executable
        self._start = functools.partial(
            driver.chromium.launch_persistent_context,
            executable_path=executable,
            args=[*FLAGS, *trusted],
            env=dict(environment),
            timeout=30_000,
            locale="en-GB",
        )
        self.version = self._browser.version

    def new_context(self) -> BrowserContext:
        """A user agent with an empty jar and empty storages."""
        assert self._browser is not None, "the browser is closed"
        context = self._browser.new_context(locale="en-GB")
        context.set_default_timeout(PATIENCE)
        return context

    def new_profile(self, folder: Path, keeps_pages: bool = False) -> BrowserContext:
        """A user agent as users have it, with its profile in this folder: a process of its own, which ends when the
        context is closed. Only such a one keeps anything on disk. `keeps_pages`: also pages that were left, in its
        cache of pages, which automation turns off where it is not asked for."""
        context = self._start(folder, ignore_default_args=["--disable-back-forward-cache"] if keeps_pages else [])
        context.set_default_timeout(PATIENCE)
        return context

    def close(self) -> None:
        """End the browser; safe to call twice."""
        browser, self._browser = self._browser, None
        if browser is not None:
            try:
                browser.close()
            finally:
                Driver.release()


def _rules(hosts: Iterable[str]) -> str:
    """How names are resolved. What a page asks for by other ways than HTTP (WebSocket), or in other processes, is held
    up by nothing else."""
    named = [f"MAP {host} 127.0.0.1" if host.endswith(".localhost") else f"EXCLUDE {host}" for host in sorted(hosts)]
    return ", ".join([*(named or [RULES]), "MAP * ~NOTFOUND"])


def public_key_hash(host: str, port: int, ca_file: Path) -> str:
    """The hash by which a browser is made to trust the key of a server whose certificate these authorities (PEM) have
    signed: base64 SHA-256 of it. "" where they have not, or nothing answers: the browser then says so itself."""
    context = ssl.create_default_context(cafile=str(ca_file))
    try:
        with (
            socket.create_connection((loopback(host), port), timeout=PATIENCE / 1000) as plain,
            context.wrap_socket(plain, server_hostname=host) as channel,
        ):
            certificate = load_der_x509_certificate(channel.getpeercert(binary_form=True) or b"")
    except OSError:
        return ""
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
