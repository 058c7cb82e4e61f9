"""A description that is proposed: from what a person answers, and from what the issuers of the stages say.

What an issuer says is text of a stranger: it gets into the file as an escaped string or a one-line comment, and never
as a `${NAME}`, which loading would fill in from the environment.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

from harness.errors import TargetError
from harness.observe import Recorder
from harness.probes.clients import Bounds, new_client, origin
from harness.probes.forms import Form, find_form
from harness.probes.login import LoginStep
from harness.probes.metadata import METADATA
from harness.probes.oauth import OAuthIssuer
from harness.probes.stage_address import Client, StageAddress
from harness.redact import Redactor
from harness.targets.description import Capability
from harness.targets.discovery import endpoint_hosts
from harness.targets.doors import try_door

__all__ = ["Answers", "Found", "look", "proposal"]

HASTE = Bounds(whole=8.0)
NEEDED = ("issuer", "stages", "clock")  # by whatever there is to verify; time is waited for
ABSENT = {
    "api": "no API takes its tokens, and it has no userinfo endpoint",
    "web": "there is no web application",
    "desktop": "there is no desktop client",
    "store": "there is no client that keeps tokens on a user's machine",
    "bus": "it publishes no events",
    "sync": "it synchronises nothing",
    "realtime": "there is no realtime channel",
    "process": "others run its server: it cannot be started here",
    "logs": "others keep its logs",
    "artifacts": "its clients are built elsewhere",
    "admin": "there is no interface to disable accounts",
    "signing_key": "nobody signs with its key but it",
    "relying_party": "its clients know one issuer",
    "refresh_token": "it issues no refresh tokens (RFC 6749 §1.5: optional)",
    "way_to_decline": "no page of its login lets a user decline",
    "dpop": "it issues bearer tokens",
}
# The steps of a login in a browser whose first page asks for the name, and whose second one for the password.
NAME_FIRST_IN_A_BROWSER = (
    LoginStep(fill="input[type=email], input[type=text]", value="{name}"),
    LoginStep(click="button[type=submit], input[type=submit]"),
    LoginStep(wait="input[type=password]"),
    LoginStep(fill="input[type=password]", value="{password}"),
    LoginStep(click="button[type=submit], input[type=submit]"),
)
MOST = 120  # characters of what an issuer says, in a comment
_NATIVE = re.compile(r"http://(127\.0\.0\.1|\[::1\]|localhost)([:/]|$)|(?!https?:)[a-z][a-z0-9+.-]*:")
_WORD = re.compile(r"[\w .,!&'#-]{1,60}")  # the name of a field, or what is written on a button, that a step may name


@dataclass(frozen=True)
class Answers:
    """What only a person knows. Secrets are named by the environment variables that hold them."""

    issuers: Mapping[str, str]  # by stage
    client_id: str
    redirect_uri: str
    user: str
    password_variable: str = "AUTHASSAY_PASSWORD"
    secret_variable: str = ""  # of a confidential client
    scope: str = ""
    ca_file: str = ""  # relative to the file that is written
    name: str = ""

    @property
    def client(self) -> Client:
        native = bool(_NATIVE.match(self.redirect_uri))
        return Client(self.client_id, self.redirect_uri, native)


@dataclass(frozen=True)
class Found:
    """What a stage says of itself; `problem` tells why there are no metadata, or no login form, `mend` what to do."""

    metadata: Mapping[str, object] = field(default_factory=dict)
    url: str = ""
    form: Form | None = None
    problem: str = ""
    mend: str = ""

    @property
    def told(self) -> str:
        """All of it in one line."""
        form = "a login that asks for the name first: see [login] in the file" if self.name_first else "a login form"
        return "; ".join(filter(None, (self.problem, self.mend))) or f"found {self.url}, and {form}"

    @property
    def name_first(self) -> bool:
        """Whether the login's first page asks for the name, and for the password one that comes after it."""
        return self.form is not None and not self.form.password_fields


def look(answers: Answers, stage: str, folder: Path) -> Found:
    """Ask the issuer of a stage for its metadata, and for its login page. `folder` is where `ca_file` is looked for."""
    issuer = answers.issuers[stage]
    ca_file = folder / answers.ca_file if answers.ca_file else None
    address = StageAddress(stage, issuer, "", "", "", {}, {}, scope=answers.scope)
    unheard = Recorder("proposal", Redactor(), lambda _: None)
    at = OAuthIssuer(address, lambda: new_client(1, ca_file, HASTE), unheard, dict)
    try:
        answer = at.discover("discovery")
        if not answer.json().keys() >= METADATA:
            problem = f"no metadata ({answer}) at {', '.join(at.metadata_urls())}"
            return Found(problem=problem, mend="" if answer.status else _door_mend(issuer, ca_file))
        ended = at.authorize("login page", answers.client, None)
    except TargetError as error:
        return Found(problem=str(error))
    form = find_form(ended.answer.text) if ended.answer.status == 200 else None
    asks = form is not None and bool(form.password_fields or form.text_fields)
    problem = "" if asks else _no_form(ended.answer.location or str(ended.answer))
    return Found(answer.json(), answer.url, form if not problem else None, problem)


def _door_mend(issuer: str, ca_file: Path | None) -> str:
    """What opens the way to an issuer that does not answer, "" where it is open."""
    return next((door.mend for door in try_door(origin(issuer), ca_file) if door.state == "wrong"), "")


def _no_form(where: str) -> str:
    return f"its login page has no form with a password: it ended at {where.split('?')[0]}"


def proposal(answers: Answers, found: Mapping[str, Found]) -> str:
    """The text of the description, with a comment on what is to be decided yet."""
    return "\n".join(
        [
            *_head(answers),
            *(line for stage in answers.issuers for line in _stage(answers, stage, found[stage])),
            *_login(found.values()),
            *_rest(),
        ]
    )


def _head(answers: Answers) -> Iterator[str]:
    host = urlsplit(next(iter(answers.issuers.values()))).hostname or ""
    yield "# Written by `authassay init`. What each key means is told in reports/examples/target.toml."
    yield "# ${NAME} is taken from the environment: secrets belong there."
    yield ""
    yield 'kind = "oauth"'
    yield f"name = {_string(answers.name or re.sub('[^a-z0-9.-]+', '-', host.lower()).strip('-.') or 'my-issuer')}"
    yield 'version = ""  # the version that is verified'


def _stage(answers: Answers, stage: str, found: Found) -> Iterator[str]:
    yield ""
    yield f"[stage.{stage}]"
    yield f"issuer = {_string(answers.issuers[stage])}"
    if found.url:
        yield f"# metadata: {_comment(found.url)}"
        yield f"# PKCE methods: {_listed(found, 'code_challenge_methods_supported')}"
        yield f"# scopes: {_listed(found, 'scopes_supported')}"
        yield f"# client authentication: {_listed(found, 'token_endpoint_auth_methods_supported')}"
    if found.problem:
        yield f"# to be mended: {_comment(found.problem)}"
    if found.mend:
        yield f"# how: {_comment(found.mend, most=3 * MOST)}"
    if scope := answers.scope or " ".join(_scopes(found)):
        yield f"scope = {_string(scope)}"
    else:
        yield '# scope = "openid"  # what code requests ask for; no metadata suggest any'
    hosts = sorted(endpoint_hosts(found.metadata) - {urlsplit(answers.issuers[stage]).hostname or ""})
    if hosts:
        yield f"# its metadata name other hosts too; write those that are yours: {_comment(', '.join(hosts))}"
        yield "# hosts = []"
    yield '# protected = "https://…"  # an API that takes its tokens; without it: the userinfo endpoint'
    if answers.ca_file:
        yield f"ca_file = {_string(answers.ca_file)}"
    if stage == "prod":
        yield "prod = true  # others rely on it: nothing destructive is done to it"
    yield from _people(answers, stage, found)


def _people(answers: Answers, stage: str, found: Found) -> Iterator[str]:
    yield ""
    yield f"[[stage.{stage}.client]]"
    yield f"id = {_string(answers.client_id)}"
    yield f"redirect_uri = {_string(answers.redirect_uri)}"
    if answers.client.native:
        yield "native = true"
    if answers.secret_variable:
        yield f"authentication = {_string(_authentication(found))}"
        yield f'secret = "${{{answers.secret_variable}}}"'
    yield ""
    yield f"[[stage.{stage}.user]]"
    yield f"name = {_string(answers.user)}"
    yield f'password = "${{{answers.password_variable}}}"'


def _login(found: Collection[Found]) -> Iterator[str]:
    yield ""
    yield "[login]"
    seen = next((each for each in found if each.form), None)
    if not any(each.url for each in found):
        yield '# Its login page was not seen. Where a script makes it: by = "browser", which needs Chromium.'
        yield 'by = "form"'
        return
    if seen is None or seen.form is None:
        yield "# No form with a password was found in its login page: a browser is tried, which needs Chromium."
        yield 'by = "browser"'
        yield "# Where a page asks for the name, and the next one for the password, these steps do it:"
        yield from _commented(_steps(*NAME_FIRST_IN_A_BROWSER))
        return
    name, button = next(iter(seen.form.text_fields), ""), _called(seen.form)
    password = next(iter(seen.form.password_fields), "password")
    usable = all(_WORD.fullmatch(word) for word in (name, password, button))
    filled, click = (LoginStep(name, "{name}"), LoginStep(password, "{password}")), LoginStep(click=button)
    if seen.name_first:
        yield from _name_first((filled[0], click, filled[1]) if usable else ())
    elif usable:
        yield from ('by = "form"', *_steps(*filled, click))
    else:
        yield from ('by = "form"', "# without steps: the first form with a password is filled and sent")


def _name_first(steps: Sequence[LoginStep]) -> Iterator[str]:
    """For a login whose first page asks for the name only; `steps`: by forms, where its fields can be named."""
    yield "# Its first page asks for the name only; the page after it, for the password, was not seen."
    if not steps:
        yield from ('by = "browser"  # which needs Chromium', *_steps(*NAME_FIRST_IN_A_BROWSER))
        return
    yield "# Where scripts make these pages, these lines do it, in the place of those below:"
    yield from _commented(['by = "browser"', *_steps(*NAME_FIRST_IN_A_BROWSER)])
    yield from ('by = "form"', *_steps(*steps))
    yield "# that is a guess at the name or id of its field"


def _commented(lines: Iterable[str]) -> Iterator[str]:
    return (f"# {line}".rstrip() for line in lines)


def _called(form: Form) -> str:
    """What is written on the button of a form, or what else it is called."""
    return next((control.text.strip() or control.value or control.name for control in form.controls), "")


def _steps(*steps: LoginStep) -> Iterator[str]:
    for step in steps:
        keys = {"fill": step.fill, "value": step.value, "click": step.click, "wait": str(step.wait or "")}
        yield from ("", "[[login.step]]", *(f"{key} = {_string(value)}" for key, value in keys.items() if value))


def _rest() -> Iterator[str]:
    yield ""
    yield "[absent]  # what the system does not have, each with its reason: not applicable, and reported first"
    yield "# A run says of what is neither described nor declared here that it was not run, and fails for that."
    for capability in get_args(Capability):
        if capability not in NEEDED:
            yield f"# {capability} = {_string(ABSENT.get(capability, '…'))}"
    yield ""


def _scopes(found: Found) -> list[str]:
    supported = found.metadata.get("scopes_supported")
    return [scope for scope in ("openid", "offline_access") if isinstance(supported, list) and scope in supported]


def _authentication(found: Found) -> str:
    known = found.metadata.get("token_endpoint_auth_methods_supported")
    only_post = isinstance(known, list) and "client_secret_post" in known and "client_secret_basic" not in known
    return "client_secret_post" if only_post else "client_secret_basic"


def _listed(found: Found, name: str) -> str:
    values = found.metadata.get(name)
    return (
        _comment(" ".join(str(value) for value in values[:20])) if isinstance(values, list) and values else "not said"
    )


def _string(text: str) -> str:
    """A basic string of TOML (1.0 §String) in which nothing acts: all but printable characters are escaped."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"


def _comment(text: str, most: int = MOST) -> str:
    """The text in one line, cut, without what could act in a terminal."""
    line = "".join(character if character.isprintable() else "?" for character in text)
    return line if len(line) <= most else f"{line[:most]} …"
