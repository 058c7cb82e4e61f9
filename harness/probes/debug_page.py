"""The search of a debug page: what is on it, what it copies, and what it saves.

A witness goes each way first: it must be found there as a secret would be.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page

from harness.errors import TargetError
from harness.observations import SecretScan
from harness.observe import Recorder
from harness.probes.driver import browser_of
from harness.scan import SecretScanner
from harness.secret_forms import Secret

__all__ = ["DebugPageSearch"]

_MARK = "{{planted:0000000000000000:43}}"
LOOKS, POLL = 200, 50  # times, milliseconds
PLANT = """text => {
  const node = document.createElement('p');
  node.id = 'harness-witness';
  node.textContent = text;
  document.querySelector('main').append(node);
  document.querySelectorAll('details').forEach(each => { each.open = true; });
}"""
SAVE = """text => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text]));
  link.download = 'witness';
  document.body.append(link);
  link.click();
  link.remove();
}"""


class DebugPageSearch:
    """Searches one page. `about` goes into each observation."""

    def __init__(self, page: Page, recorder: Recorder, about: Mapping[str, str], downloads: Path | None) -> None:
        """`downloads`: where to look for what the page saves, None where the browser tells."""
        self._page, self._recorder, self._about, self._downloads = page, recorder, about, downloads

    def shown(self, case: str, canaries: Iterable[Secret]) -> SecretScan:
        """Unfold everything, and search the page."""
        witness = _witness()
        self._page.evaluate(PLANT, witness.value.decode())
        tree, text = self._of_chromium() if browser_of(self._page.context) == "chromium" else self._by_script()
        places = {"document": self._page.content(), "accessibility tree": tree, "text laid out": text}
        self._page.evaluate("() => document.querySelector('#harness-witness').remove()")
        return self._record(case, "shown", places, witness, canaries)

    def taken(self, case: str, copy: str, save: str, canaries: Iterable[Secret]) -> SecretScan:
        """Press both buttons, and search what came of it."""
        witness = _witness()
        text = witness.value.decode()
        try:
            self._page.evaluate("text => navigator.clipboard.writeText(text)", text)
            clipboard = self._clipboard()
            file = self._saved(lambda: self._page.evaluate(SAVE, text))
            self._page.click(copy)
            for _ in range(LOOKS):
                if self._clipboard() != text:
                    break
                self._page.wait_for_timeout(POLL)
            saved = self._saved(lambda: self._page.click(save))
            places = {"clipboard": f"{clipboard}\n{self._clipboard()}", "file": f"{file}\n{saved}"}
        except BrowserError as error:
            raise TargetError(f"the page copies or saves nothing: {str(error).splitlines()[0]}") from error
        if self._clipboard() == text:
            raise TargetError("the page copied nothing")
        return self._record(case, "taken", places, witness, canaries)

    def _of_chromium(self) -> tuple[str, str]:
        """The browser's own accessibility tree, and the text that it laid out."""
        cdp = self._page.context.new_cdp_session(self._page)
        tree = cdp.send("Accessibility.getFullAXTree")
        layout = cdp.send("DOMSnapshot.captureSnapshot", {"computedStyles": []})
        cdp.detach()
        texts = (layout["strings"][i] for i in layout["documents"][0]["layout"]["text"] if i >= 0)
        return json.dumps(tree), "\n".join(texts)

    def _by_script(self) -> tuple[str, str]:
        """What script can tell of both, of browsers that tell neither: roles and names as ARIA says, what is shown."""
        body = self._page.locator("body")
        return body.aria_snapshot(), body.inner_text()

    def _saved(self, act: Callable[[], object]) -> str:
        """What the page saves by this: told by the browser, or else found among its downloads."""
        if self._downloads is None:
            with self._page.expect_download() as told:
                act()
            return Path(told.value.path()).read_text(encoding="utf-8")
        before = set(self._downloads.iterdir())
        act()
        for _ in range(LOOKS):
            new = set(self._downloads.iterdir()) - before
            if new and not any(file.suffix == ".part" for file in new) and (text := new.pop().read_text("utf-8")):
                return text  # it is empty until what was written beside it takes its place
            self._page.wait_for_timeout(POLL)
        raise TargetError("the page saved nothing")

    def _clipboard(self) -> str:
        return str(self._page.evaluate("() => navigator.clipboard.readText()"))

    def _record(
        self, case: str, part: str, places: Mapping[str, str], witness: Secret, canaries: Iterable[Secret]
    ) -> SecretScan:
        scanner = SecretScanner(canaries)
        kinds = scanner.kinds
        scanner.add(witness)
        data = {place: text.encode("utf-8", "surrogatepass") for place, text in places.items()}
        hits = [hit for place, each in data.items() for hit in scanner.scan_bytes(place, each)]
        planted = {hit.place for hit in hits if hit.mark == _MARK}
        return self._recorder.record(
            SecretScan(
                case=case,
                about={**self._about, "part": part},
                places=tuple(data),
                bytes=sum(map(len, data.values())),
                kinds=kinds,
                hits=tuple(hit for hit in hits if hit.mark != _MARK),
                planted_found=planted == set(data),
            )
        )


def _witness() -> Secret:
    return Secret(secrets.token_urlsafe(32).encode(), "planted", _MARK)
