"""The search for tokens in the windows of somebody else's shell, as they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from harness.observations import SecretScan
from harness.observations.bridge import HandedToken
from harness.observe import Recorder
from harness.probes.devtools import Devtools, pages_at
from harness.probes.page_scan import page_script
from harness.redact import Redactor
from harness.scan import SecretScanner
from harness.secret_forms import PLANTED, Secret, new_witness
from harness.secret_patterns import looks_random
from harness.targets.electron_running import PATIENCE, RunningElectron
from harness.targets.electron_shell import no_cooperation

__all__ = ["ElectronSecrets"]

NAMED = ("localStorage", "sessionStorage", "IndexedDB", "Cache Storage", "readable cookies", "globals")
MUST = ("localStorage", "globals", "memory")  # where what was planted has to be found
KINDS = {"refresh_token": r"refresh[-_ ]?token", "code_verifier": r"code[-_ ]?verifier"}
# What follows such a name: in JSON, in a cookie, as a member, and as the other half of an entry.
VALUE = r"""["']?(?:\s*[:=]\s*|\n1: )["']?([\w.~+/=-]{16,16000})"""
PLANT = "(witness => { localStorage.setItem('authassay', witness); window.plantedByAuthassay = [witness]; })"
UNPLANT = "localStorage.removeItem('authassay'); delete window.plantedByAuthassay"


class ElectronSecrets:
    """The shell, after the port `shell` has put it in order. Looked for are the secrets that its description names, and
    whatever stands in its pages under the name of a refresh token or of a verifier."""

    def __init__(self, shell: RunningElectron, redactor: Redactor, recorder: Recorder, stage: str) -> None:
        self._shell, self._redactor, self._recorder = shell, redactor, recorder
        self._about = {"stage": stage, "client": "desktop shell"}
        self._reach = f"({page_script('page_reach.js')})()"

    def hand_out(self, case: str) -> HandedToken:
        no_cooperation("its bridge is to be asked for a token")

    def refresh(self, times: int) -> None:
        no_cooperation("its tokens are to be refreshed")

    def refuse_refreshes(self, refuse: bool) -> None:
        no_cooperation("its issuer is to refuse refreshes")

    def open_window(self, window: str) -> None:
        no_cooperation("its further windows are to be opened")

    def reload(self) -> None:
        self._shell.reload()

    def search(self, case: str) -> SecretScan:
        witness = new_witness()
        shown = pages_at(self._shell.address, PATIENCE)
        pages = {url: at for url, at in shown.items() if self._shell.description.is_own(url)}
        places = {"addresses": "\n".join(pages)}
        must = set[str]()
        self._shell.forget()  # a page is looked into by one connection at a time
        for number, at in enumerate(pages.values(), 1):
            page = Devtools(at)
            try:
                texts = self._texts(page, witness)
            finally:
                page.close()
            places |= {f"{place}: window {number}": text for place, text in texts.items()}
            must |= {f"{place}: window {number}" for place in MUST}
        return self._record(case, witness, places, must)

    def errors(self, case: str) -> SecretScan:
        no_cooperation("what crosses its bridge is to be heard")

    def close(self) -> None:
        """Nothing of the search is left in the pages."""

    def _texts(self, page: Devtools, witness: Secret) -> dict[str, str]:
        page.evaluate(f"{PLANT}({json.dumps(witness.value.decode())})")
        try:
            reached: dict[str, str] = page.evaluate(self._reach)
            return {**reached, "memory": page.heap()}
        finally:
            page.evaluate(UNPLANT)

    def _record(self, case: str, witness: Secret, places: dict[str, str], must: set[str]) -> SecretScan:
        for place, text in places.items():
            for kind, value in _named(text) if place.partition(": ")[0] in NAMED else ():
                self._redactor.register(value, kind)
        known = [secret for secret in self._redactor.secrets() if secret.kind in KINDS]
        scanner = SecretScanner([*known, witness])
        read = {place: text.encode("utf-8", "replace") for place, text in places.items()}
        found = [hit for place, data in read.items() for hit in scanner.scan_bytes(place, data)]
        return self._recorder.record(
            SecretScan(
                case=case,
                about=self._about,
                places=tuple(places),
                bytes=sum(map(len, read.values())),
                kinds=tuple(sorted({secret.kind for secret in known})),
                hits=tuple(hit for hit in found if hit.mark != PLANTED),
                planted_found=bool(must) and must <= {hit.place for hit in found if hit.mark == PLANTED},
            )
        )


def _named(text: str) -> Iterator[tuple[str, str]]:
    """Kind and value of what stands in a text under a name that tells what it is, and looks like it."""
    for kind, name in KINDS.items():
        for found in re.finditer(name + VALUE, text, re.IGNORECASE):
            if looks_random(found[1].encode()):
                yield kind, found[1]
