"""The other stages that a client knows beside its own: each an issuer, and the API that takes its tokens.

Whoever knows two issuers can be made to mix them up: an attacker's stage hands on the answer of an honest one, and gets
its code (RFC 9207 §1, RFC 9700 §4.4). So each stage has an OAuth client, a redirect URI and an API of its own, and the
sign-in under way remembers whose answer it waits for.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from reference_impl.json_text import read_json
from reference_impl.origin import host_of_origin


@dataclass(frozen=True)
class KnownStage:
    """A stage that people can sign in at: its issuer's identifier and its API's URL, both origins."""

    name: str
    issuer: str
    api_url: str


def read_other_stages(
    variable: str, text: str, known: Container[str], own_issuer: str, faults: list[str]
) -> tuple[KnownStage, ...]:
    """Read ``{"staging": {"issuer": URL, "api": URL}, …}`` from an environment variable; "" is none.

    ``known`` are the names that are allowed. What is wrong goes to ``faults``, one sentence each.
    """
    if not text:
        return ()
    try:
        written = read_json(text)
    except ValueError:
        written = None
    if not isinstance(written, dict) or not all(isinstance(entry, dict) for entry in written.values()):
        faults.append(f'{variable} is not a JSON object like {{"staging": {{"issuer": URL, "api": URL}}}}')
        return ()
    stages = [KnownStage(name, str(e.get("issuer", "")), str(e.get("api", ""))) for name, e in written.items()]
    faults += [f'{variable}: "{stage.name}" is no other stage' for stage in stages if stage.name not in known]
    for stage in stages:
        urls = {"issuer": stage.issuer, "api": stage.api_url}
        wrong = [member for member, url in urls.items() if not host_of_origin(url, "https")]
        faults += [f"{variable}: {stage.name} needs https origins for issuer and api, {name} is none" for name in wrong]
    if len({own_issuer, *(stage.issuer for stage in stages)}) <= len(stages):
        faults.append(f"{variable}: an issuer is there twice, so its answers could not be told apart")
    return tuple(stages)
