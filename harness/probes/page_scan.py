"""The search for tokens in all that page script can reach: storages, the page itself, and answers.

A witness is put into each place first and must be found there the same way; then it is taken away again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files

from playwright.sync_api import Error as BrowserError

from harness.errors import TargetError
from harness.observations import Hit, SecretScan
from harness.probes.agent import Agent
from harness.probes.answers import Answer
from harness.probes.database_names import NAMES
from harness.scan import SecretScanner
from harness.secret_forms import PLANTED, Secret, new_witness

__all__ = ["ORIGINS", "PageSearch", "page_script"]

STORAGES = ("localStorage", "sessionStorage", "IndexedDB", "Cache Storage", "readable cookies")
PAGE = ("document", "inline scripts", "globals", "messages")
ORIGINS = "storages of all origins"  # what the browser itself tells, of pages that are gone too
PLANTED_URL = "/authassay-planted"


def page_script(name: str) -> str:
    """The text of one of the scripts that run in pages: an expression, a function."""
    return files("harness.probes").joinpath(name).read_text(encoding="utf-8").replace("DATABASE_NAMES", NAMES)


class PageSearch:
    """Searches what one agent's page reaches. `about` goes into each observation."""

    def __init__(self, agent: Agent, about: Mapping[str, str]) -> None:
        """Before the agent's first page."""
        self._agent = agent
        self._about = dict(about)
        self._reach, self._plant = page_script("page_reach.js"), page_script("page_plant.js")
        agent.context.add_init_script(script=page_script("page_watch.js"))

    def storages(self, case: str, tokens: Iterable[Secret]) -> SecretScan:
        """Search every storage of the origin and every cookie that script can read."""
        return self._search(case, "storages", STORAGES, tokens)

    def page(self, case: str, tokens: Iterable[Secret]) -> SecretScan:
        """Search the document, its inline data, the page's variables, and the messages that came to it."""
        return self._search(case, "page", PAGE, tokens)

    def answers(self, case: str, tokens: Iterable[Secret]) -> SecretScan:
        """Search what was answered since the last call, to the page and to its script."""
        witness = new_witness()
        self._agent.read_answers()
        with_planted = self._ask_for(witness)
        answers, unread = self._agent.take_answers()
        parts = [(f"answers: {answer.url}", answer.data) for answer in answers if not _is_planted(answer)]
        planted = [answer.data for answer in answers if _is_planted(answer)] if with_planted else []
        scanner = SecretScanner(tokens)
        hits = [hit for place, data in parts for hit in scanner.scan_bytes(place, data)]
        finder = SecretScanner([witness])
        found = bool(planted) and all(finder.scan_bytes("planted", data) for data in planted)
        size = sum(len(data) for _, data in parts)
        about = {"unscanned": ", ".join(unread)} if unread else {}
        return self._record(case, "answers", ("answers",), size, scanner.kinds, hits, found and not unread, about)

    def _search(self, case: str, part: str, places: tuple[str, ...], tokens: Iterable[Secret]) -> SecretScan:
        witness = new_witness()
        texts = self._texts(witness, places)
        scanner = SecretScanner([*tokens])
        kinds = scanner.kinds
        scanner.add(witness)
        hits = [hit for place, data in texts.items() for hit in scanner.scan_bytes(place, data)]
        planted = {hit.place for hit in hits if hit.mark == PLANTED}
        real = [hit for hit in hits if hit.mark != PLANTED]
        size = sum(len(data) for data in texts.values())
        return self._record(case, part, tuple(texts), size, kinds, real, planted >= set(places), {})

    def _texts(self, witness: Secret, places: tuple[str, ...]) -> dict[str, bytes]:
        value = witness.value.decode()
        try:
            self._agent.page.evaluate(self._plant, [True, value])
            reached: dict[str, str] = self._agent.page.evaluate(self._reach)
            self._agent.page.evaluate(self._plant, [False, value])
        except BrowserError as error:
            raise TargetError(f"the page could not be searched: {str(error).splitlines()[0]}") from error
        texts = {place: reached[place].encode("utf-8", "surrogatepass") for place in places}
        if places == STORAGES:
            state = self._agent.context.storage_state(indexed_db=True)
            texts[ORIGINS] = json.dumps(state["origins"]).encode()
        return texts

    def _ask_for(self, witness: Secret) -> bool:
        """Let the page's script ask for an answer with the witness, which the harness gives in the server's place."""
        pattern = f"**{PLANTED_URL}"
        self._agent.context.route(pattern, lambda route: route.fulfill(status=200, body=witness.value.decode()))
        try:
            return self._agent.fetch(PLANTED_URL) == 200
        finally:
            self._agent.context.unroute(pattern)

    def _record(
        self, case: str, part: str, places: tuple[str, ...], size: int, kinds: tuple[str, ...], hits: list[Hit],
        planted_found: bool, about: Mapping[str, str],
    ) -> SecretScan:  # fmt: skip
        scan = SecretScan(
            case=case,
            about={**self._about, **about, "part": part},
            places=places,
            bytes=size,
            kinds=kinds,
            hits=tuple(hits),
            planted_found=planted_found,
        )
        return self._agent.recorder.record(scan)


def _is_planted(answer: Answer) -> bool:
    return answer.url.endswith(PLANTED_URL)
