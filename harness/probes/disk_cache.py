"""What a browser's caches hold on disk: the cache of HTTP, Cache Storage, and compiled scripts.

Witnesses are put there first, plain and compressed, and must be found the same way. Requests ask for gzip and nothing
stronger, because a cache keeps bodies as they came, and gzip can be recognised in a file and undone.
"""

from __future__ import annotations

import gzip
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Error as BrowserError

from harness.errors import TargetError
from harness.observations import SecretScan
from harness.probes.agent import Agent
from harness.probes.cache_files import CHROMIUM, FIREFOX, url_in
from harness.probes.driver import browser_of
from harness.scan import ScanResult, SecretScanner
from harness.secret_forms import Secret

__all__ = ["CacheSearch"]

MOST_LISTED = 100
PLANTED = "authassay-planted"
_PLANT = "([name, value]) => caches.open(name).then(c => c.put(`/${name}`, new Response(value)))"


class CacheSearch:
    """Searches the caches of one agent whose context has its profile in a folder."""

    def __init__(self, agent: Agent, profile: Path, about: Mapping[str, str]) -> None:
        """Before the agent's first page."""
        self._agent, self._profile, self._about = agent, profile, dict(about)
        self._files = CHROMIUM if browser_of(agent.context) == "chromium" else FIREFOX
        self._witnesses = {name: _witness(name) for name in ("plain", "gzip", "storage")}
        agent.context.set_extra_http_headers({"Accept-Encoding": "gzip"})

    def end_and_search(self, case: str, canaries: Iterable[Secret]) -> SecretScan:
        """Plant witnesses, end the browser, so that all it keeps is on disk, and search there. The page shown must be
        one of the client's. Raises TargetError where nothing can be planted."""
        self._plant()
        self._agent.close()
        scanner = SecretScanner(canaries)
        kinds = scanner.kinds
        for witness in self._witnesses.values():
            scanner.add(witness)
        result, kept = ScanResult(), list(self._files.below(self._profile))
        for place, file in kept:
            result += scanner.scan_tree(file, f"{place}: {url_in(file) or file.name}")
        planted = {witness.mark for witness in self._witnesses.values()}
        missed = "; ".join(f"{one.place}: {one.reason}" for one in result.unscanned[:20])
        about = {**self._about, "part": "caches", "entries": " ".join(_listed(file for _, file in kept))}
        scan = SecretScan(
            case=case,
            about={**about, "unscanned": missed} if missed else about,
            places=tuple(self._files.places),
            bytes=result.bytes,
            kinds=kinds,
            hits=tuple(hit for hit in result.hits if hit.mark not in planted),
            planted_found=not missed and planted <= {hit.mark for hit in result.hits},
        )
        return self._agent.recorder.record(scan)

    def _plant(self) -> None:
        """One witness into Cache Storage, and two into the cache of HTTP: visits to a site that lets itself be kept."""
        values = {name: witness.value for name, witness in self._witnesses.items()}
        try:
            self._agent.page.evaluate(_PLANT, [PLANTED, values["storage"].decode()])
            with _cacheable_site(values["plain"], values["gzip"]) as urls:
                for url in urls:
                    self._agent.visit(url)
        except BrowserError as error:
            raise TargetError(f"nothing can be put into the caches: {str(error).splitlines()[0]}") from error


def _listed(files: Iterable[Path]) -> list[str]:
    """The URLs of what is kept, without the witnesses' and icons that nobody linked."""
    urls = dict.fromkeys(url_in(file) for file in files)
    return [url for url in urls if url and PLANTED not in url and not url.endswith("/favicon.ico")][:MOST_LISTED]


def _witness(name: str) -> Secret:
    return Secret(secrets.token_urlsafe(32).encode(), "planted", f"{{{{planted:{name.encode().hex():0>16}:43}}}}")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away is no error of ours."""


@contextmanager
def _cacheable_site(plain: bytes, packed: bytes) -> Iterator[tuple[str, str]]:
    """The URLs of two pages on loopback that may be kept for an hour, one of them compressed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if PLANTED not in self.path:  # the browser asks for an icon by itself
                self.send_error(404)
                return
            is_packed = self.path.endswith("/gzip")
            body = gzip.compress(packed * 2) if is_packed else plain
            self.send_response(200)
            encoding = (("Content-Encoding", "gzip"),) if is_packed else ()
            sized = ("Content-Length", str(len(body)))
            for name, value in (("Cache-Control", "max-age=3600"), ("Content-Type", "text/plain"), sized, *encoding):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Log nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        base = f"http://127.0.0.1:{server.server_port}/{PLANTED}"
        yield f"{base}/plain", f"{base}/gzip"
    finally:
        server.shutdown()
        server.server_close()
