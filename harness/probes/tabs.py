"""Several tabs of one browser that do the same at once: they share its cookies, and nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

from harness.errors import TargetError
from harness.probes.bff import origin_of
from harness.probes.forms import find_form
from harness.probes.http import Answer, HttpProbe
from harness.probes.oauth import OAuthIssuer

__all__ = ["submit_in_tabs"]


def submit_in_tabs(at: OAuthIssuer, agent: HttpProbe, case: str, page: Answer, tabs: int) -> None:
    """Press the only button of a page in several tabs at once. Raises TargetError where it has none."""
    form = find_form(page.text)
    if form is None:
        raise TargetError(f"{case}: the page has no form to submit")
    url, headers = (
        urljoin(page.url, form.action),
        {"Origin": origin_of(page.url), "Cookie": agent.cookies_for(page.url)},
    )
    filled = {**form.fields, **{name: values[0] for name, values in form.buttons.items()}}
    others = [at.new_agent() for _ in range(tabs)]
    with ThreadPoolExecutor(tabs) as pool:
        list(pool.map(lambda other: other.post(case, url, filled, headers=headers, role="tab"), others))
