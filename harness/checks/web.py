"""Judgements about the web client's cookies, and about tokens within reach of page script."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import Cookie, CookieJar, PageView, SecretScan
from harness.observe import MissingObservation, Record

MOMENTS = ("login", "renewal", "logout")
LONGEST = 4096  # bytes of name and value together (ASVS 5.0.0 3.3.5)
PREFIXES = ("__Host-", "__Host-Http-")
TOKENS = ("access_token", "refresh_token")
STORAGES = ("localStorage", "sessionStorage", "IndexedDB", "Cache Storage", "readable cookies")
DOCUMENT = ("document", "inline scripts")
VARIABLES = ("globals", "messages")
ANSWERS = ("answers",)
REACH = {"storages": STORAGES, "page": DOCUMENT + VARIABLES, "answers": ANSWERS}
PAGES = ("reload", "settings page", "login page")  # a search of each page of the client
SEARCHES = ("login", "renewal", *PAGES)


@check("WEB-01.E1", "ASVS 5.0.0 3.3.1, 3.3.2, 3.3.3, 3.3.4")
def cookies_have_the_required_attributes(seen: Record, parameters: Parameters) -> Judgement:
    complaints, count = [], 0
    for moment in MOMENTS:
        cookies, jar = _set_cookies(seen, moment), _jar(seen, moment, "set-cookie")
        count += len(cookies)
        complaints += [Complaint(f"{moment}: {c.name} {flaw}", jar) for c in cookies for flaw in _flaws(c)]
    return conclude(complaints, f"{count} Set-Cookie of three moments had all attributes")


def _set_cookies(seen: Record, moment: str) -> tuple[Cookie, ...]:
    """The cookies that answers set; at each moment of interest there must be one."""
    cookies = _jar(seen, moment, "set-cookie").cookies
    if not cookies:
        raise MissingObservation(f"{moment}: no answer set a cookie")
    return cookies


def _jar(seen: Record, case: str, source: str) -> CookieJar:
    """The cookies of one source: in the jar, set by answers, or sent."""
    found = [jar for jar in seen.of(CookieJar, case) if jar.source == source]
    if not found:
        raise MissingObservation(f"{case}: nobody looked at the cookies of source {source!r}")
    return found[-1]


def _flaws(cookie: Cookie) -> Iterator[str]:
    if not cookie.name.startswith(PREFIXES):
        yield "has no __Host- name"
    if not cookie.secure:
        yield "lacks Secure"
    if not cookie.http_only:
        yield "lacks HttpOnly"
    if cookie.same_site.lower() not in ("lax", "strict"):
        yield f"has SameSite={cookie.same_site or 'unset'}"
    if cookie.path != "/":
        yield f"has Path={cookie.path or 'unset'}"
    if not cookie.host_only:
        yield f"has Domain={cookie.domain}"


@check("WEB-01.E2", "ASVS 5.0.0 3.3.3, 3.3.4")
def cookies_stay_where_they_belong(seen: Record, parameters: Parameters) -> Judgement:
    session = {cookie.name for cookie in _session(seen, "renewal")}
    own = {cookie.name for cookie in _jar(seen, "the client's own name", "sent").cookies}
    if not session <= own:
        raise MissingObservation(
            "the witness did not see the session's cookies where they are sent, so it proves nothing"
        )
    complaints = []
    for view in seen.of(PageView, "login", "renewal"):
        if view.about.get("readable") != "yes":
            raise MissingObservation(f"{view.case}: document.cookie did not show a cookie planted for it")
        if view.document_cookie:
            told = f"{view.case}: document.cookie shows {_names_in(view.document_cookie)}"
            complaints.append(Complaint(told, view))
    for where in ("sibling", "http"):
        sent = _jar(seen, where, "sent")
        complaints += [Complaint(f"{cookie.name} was sent to {sent.url}", sent) for cookie in sent.cookies]
    return conclude(complaints, "neither page script nor a sibling name nor plain http got a cookie")


def _names_in(header: str) -> str:
    return ", ".join(part.partition("=")[0].strip() for part in header.split(";"))


def _session(seen: Record, moment: str) -> tuple[Cookie, ...]:
    """The client's own cookies in the jar, of which a signed-in browser has at least one."""
    jar = _jar(seen, moment, "jar")
    cookies = tuple(cookie for cookie in jar.cookies if _belongs(cookie, jar.url))
    if not cookies:
        raise MissingObservation(f"{moment}: the jar holds no cookie of the client")
    return cookies


def _belongs(cookie: Cookie, url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == cookie.domain or (not cookie.host_only and host.endswith("." + cookie.domain.lstrip(".")))


@check("WEB-01.E3", "ASVS 5.0.0 3.3.5, NIST SP 800-63B-4 §5.1.1")
def cookies_are_opaque_and_small(seen: Record, parameters: Parameters) -> Judgement:
    cookies = [(c, _jar(seen, moment, "set-cookie")) for moment in MOMENTS for c in _set_cookies(seen, moment)]
    cookies += [(c, _jar(seen, moment, "jar")) for moment in ("login", "renewal") for c in _session(seen, moment)]
    complaints = [Complaint(told, jar) for cookie, jar in cookies for told in _tells_or_weighs(cookie)]
    return conclude(
        list(dict.fromkeys(complaints)), f"{len(cookies)} cookies are opaque and at most {LONGEST} bytes long"
    )


def _tells_or_weighs(cookie: Cookie) -> Iterator[str]:
    if cookie.personal:
        yield f"{cookie.name} holds {' and '.join(cookie.personal)} in clear ({cookie.decoded})"
    elif cookie.decoded == "jwt":
        yield f"{cookie.name} is a JWT"
    if cookie.size > LONGEST:
        yield f"{cookie.name} has {cookie.size} bytes"


@check("WEB-01.E4", "ASVS 5.0.0 3.3.1, RFC 6265 §3.1")
def logout_deletes_the_session_cookies(seen: Record, parameters: Parameters) -> Judgement:
    session = _session(seen, "renewal")
    answered, jar = _jar(seen, "logout", "set-cookie"), _jar(seen, "logout", "jar")
    deleted = {cookie.name: cookie for cookie in answered.cookies if _deletes(cookie)}
    left = {cookie.name for cookie in jar.cookies}
    complaints = []
    for cookie in session:
        deletion = deleted.get(cookie.name)
        if deletion is None:
            complaints.append(Complaint(f"{cookie.name} is not deleted", answered))
        elif _attributes(deletion) != _attributes(cookie):
            told = f"{cookie.name} is deleted with other attributes than it was set with"
            complaints.append(Complaint(told, answered))
        if cookie.name in left:
            complaints.append(Complaint(f"{cookie.name} is still in the jar", jar))
    return conclude(complaints, f"the logout deleted {len(session)} cookies, and the jar is empty of them")


def _deletes(cookie: Cookie) -> bool:
    return cookie.max_age is not None and cookie.max_age <= 0


def _attributes(cookie: Cookie) -> tuple[object, ...]:
    return cookie.domain, cookie.path, cookie.secure, cookie.http_only, cookie.same_site.lower(), cookie.host_only


@check("WEB-02.E1", "ASVS 5.0.0 10.1.1, 14.3.3")
def no_token_in_storages_or_document(seen: Record, parameters: Parameters) -> Judgement:
    _require_pages(seen)
    complaints = [
        hit
        for moment in SEARCHES
        for hit in (
            *_hits(_search(seen, moment, "storages"), STORAGES),
            *_hits(_search(seen, moment, "page"), DOCUMENT),
        )
    ]
    return conclude(complaints, f"{len(SEARCHES)} searches of storages, cookies and document found no token")


@check("WEB-02.E2", "ASVS 5.0.0 10.1.1, OAuth-BBA draft §6.1")
def no_token_in_answers_or_variables(seen: Record, parameters: Parameters) -> Judgement:
    _require_pages(seen)
    complaints = [
        hit
        for moment in SEARCHES
        for hit in (*_hits(_search(seen, moment, "answers"), ANSWERS), *_hits(_search(seen, moment, "page"), VARIABLES))
        if not _allowed(hit, _search(seen, moment, "page"))
    ]
    return conclude(complaints, f"{len(SEARCHES)} searches of answers, messages and variables found no token")


def _require_pages(seen: Record) -> None:
    """Each page of the client must have been shown: one that leads to another was not searched."""
    paths = [urlsplit(seen.one(PageView, page).url).path for page in PAGES]
    if len(set(paths)) < len(PAGES):
        raise MissingObservation(f"{', '.join(PAGES)}: shown were only {', '.join(sorted(set(paths)))}")


def _allowed(hit: str, scan: SecretScan) -> bool:
    """A target that documents a token-in-memory mode may hold the access token there, and nothing else."""
    return scan.about.get("mode") == "token-in-memory" and "{{access_token:" in hit


@check("WEB-02.E3", "OWASP Session CS: localStorage API")
def reload_keeps_the_session_without_tokens(seen: Record, parameters: Parameters) -> Judgement:
    page = seen.one(PageView, "reload")
    complaints = [] if page.signed_in else [Complaint("the reloaded page is signed out", page)]
    complaints += _hits(_search(seen, "reload", "storages"), STORAGES)
    return conclude(complaints, "the reloaded page is signed in, and no token appeared in a storage")


def _search(seen: Record, moment: str, part: str) -> SecretScan:
    """The search of one part of the page. It must have gone everywhere, known tokens, and found what was planted."""
    scan = seen.one(SecretScan, moment, part=part)
    if absent := [place for place in REACH[part] if place not in scan.places]:
        raise MissingObservation(f"{moment}: never searched: {', '.join(absent)}")
    if absent := [kind for kind in TOKENS if kind not in scan.kinds]:
        raise MissingObservation(f"{moment}: no {' and no '.join(absent)} was known, so none was looked for")
    if not scan.planted_found:
        raise MissingObservation(f"{moment}: the search of the {part} did not find what was planted there")
    return scan


def _hits(scan: SecretScan, places: tuple[str, ...]) -> list[Complaint]:
    """The hits in these places; a hit's place begins with one of those searched."""
    found = (hit for hit in scan.hits if hit.place.startswith(places))
    return [Complaint(f"{scan.case}: {hit.mark} in {hit.place}", scan) for hit in found]
