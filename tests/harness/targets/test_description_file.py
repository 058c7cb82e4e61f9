"""A description is read, or all that is wrong with it is told at once."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from harness.catalog import load_catalog
from harness.errors import Mistakes
from harness.machine.places import CHECKOUT
from harness.targets.description import Description
from harness.targets.description_file import load_description
from harness.targets.description_schema import SCHEMAS, schema_text

EXAMPLE = CHECKOUT / "reports" / "examples" / "target.toml"
EXAMPLES = {"target.schema.json": EXAMPLE, "shell.schema.json": EXAMPLE.with_name("shell.toml")}
CATALOG = load_catalog()
ENVIRONMENT = {
    "DEV_CLIENT_SECRET": "a secret of dev",
    "DEV_PASSWORD": "a password of dev",
    "PROD_PASSWORD": "a password of prod",
}
LEAST = """\
kind = "oauth"
name = "least"

[stage.dev]
issuer = "http://127.0.0.1:8000/tenant"

[[stage.dev.client]]
id = "web"
redirect_uri = "https://app.example.com/cb"

[[stage.dev.user]]
name = "alice"
password = "${PASSWORD}"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "target.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, text: str, **environment: str) -> Description:
    return load_description(
        write(folder, text), {"PASSWORD": "correct horse", **environment}, CATALOG, today=date(2026, 11, 22)
    )


def mistakes(folder: Path, text: str, **environment: str) -> list[tuple[int, str]]:
    with pytest.raises(Mistakes) as caught:
        read(folder, text, **environment)
    return [(mistake.line, mistake.what) for mistake in caught.value.mistakes]


def test_the_example_is_read_as_it_says() -> None:
    description = load_description(EXAMPLE, ENVIRONMENT)
    assert (description.name, list(description.stages)) == ("my-issuer", ["dev", "prod"])
    dev, prod = description.stages["dev"], description.stages["prod"]
    assert (dev.prod, prod.prod) == (False, True)
    assert (dev.clients["authassay-web"].secret, dev.users["existing"].password) == (
        "a secret of dev",
        "a password of dev",
    )
    assert [step.fill or step.click for step in description.login.steps] == ["username", "password", "Sign in", "Allow"]
    assert description.parameters == {"code_lifetime": 120, "code_memory": 86400, "reuse_grace": 10}
    (expected,) = description.expected_failures
    assert (expected.control, expected.expires, expected.file) == ("TOKEN-12.E1", "2099-12-31", "target.toml")
    assert description.lifetimes["refresh_absolute"].seconds == 2592000


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_an_example_names_every_key_that_there_is(schema: Path) -> None:
    described, text = json.loads(schema.read_text("utf-8")), EXAMPLES[schema.name].read_text("utf-8")
    tables = [described, *described["$defs"].values()]
    keys = {key for table in tables for key in table.get("properties", ())} - {"stage", "client", "user", "step"}
    assert not [key for key in keys if not re.search(rf"\b{key}\b", text)]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_a_schema_is_that_of_its_tables(schema: Path) -> None:
    written = schema_text(SCHEMAS[schema])
    assert schema.read_text("utf-8") == written, "run: python -m harness.targets.description_schema"


def test_the_least_description_takes_its_defaults(tmp_path: Path) -> None:
    description = read(tmp_path, LEAST)
    stage = description.stages["dev"]
    assert (stage.clients["web"].authentication, stage.users["existing"].password) == ("none", "correct horse")
    assert (description.login.by, description.login.steps, description.limits.max_wait) == ("form", (), 90.0)
    assert stage.address("dev").allowed_hosts == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("seconds", "more", "waited"),
    [(0, "", 0), (20, "", 20), (61, "", None), (20, "[parameters]\nreuse_grace = 5\n", 5)],
)
def test_a_documented_grace_is_what_scenarios_wait_for_unless_it_is_over_its_ceiling(
    tmp_path: Path, seconds: int, more: str, waited: int | None
) -> None:
    text = f"{LEAST}\n[lifetimes]\nreuse_grace = {{ seconds = {seconds} }}\n{more}"
    description = read(tmp_path, text)
    assert description.lifetimes["reuse_grace"].seconds == seconds
    assert description.parameters.get("reuse_grace") == waited


def test_steps_that_take_a_value_from_the_environment_name_a_secret(tmp_path: Path) -> None:
    step = '\n[[login.step]]\nfill = "pin"\nvalue = "${PIN}"\n[[login.step]]\nfill = "user"\nvalue = "{name}"\n'
    assert read(tmp_path, LEAST + step, PIN="12345678").secrets == ("12345678",)


TEN = """\
kind = "oidc"
name = "least"
colour = "blue"

[stage.dve]
issuer = "https://id.dev.example.com"
[[stage.dve.client]]
id = "web"
redirect_uri = "https://app.example.com/cb"
authentication = "client_secret"
[[stage.dve.user]]
name = "alice"
password = "${NOT_SET}"

[stage.prod]
issuer = "http://id.example.com"
ca_file = "nowhere.pem"
[[stage.prod.client]]
id = "web"
redirect_uri = "https://app.example.com/cb"
[[stage.prod.user]]
name = "alice"
password = "short"

[[login.step]]
fill = "user"
value = "{nmae}"
[[login.step]]
click = "button.primary > span"

[parameters]
code_lifetme = 60
access_token_lifetime = 7200

[absent]
buss = "it has none"

[remedies]
"TOKEN-01.E9" = "mend it"

[[expected_failure]]
expectation = "TOKEN-1.E1"
reason = "known"
expires = 2026-11-21
"""


def test_every_mistake_is_told_at_once_with_its_line_and_what_would_be_right(tmp_path: Path) -> None:
    with pytest.raises(Mistakes) as caught:
        read(tmp_path, TEN)
    told = [f"{mistake.line}: {mistake.what} ({mistake.hint})" for mistake in caught.value.mistakes]
    assert told == [
        "1: kind: unknown value 'oidc' (valid: electron, oauth)",
        "3: unknown key 'colour' (valid: absent, expected_failure, kind, lifetimes, limits, login, name, parameters,"
        " remedies, stage, version)",
        "5: stage.dve: unknown value 'dve' (did you mean 'dev'?)",
        "10: stage.dve.client[1].authentication: unknown value 'client_secret' (did you mean 'client_secret_post'?)",
        "13: the environment variable 'NOT_SET' is not set (set it: export NOT_SET=…)",
        "16: the issuer of prod is reached without TLS (write https://id.example.com (RFC 8414 §2))",
        f"17: there is no file 'nowhere.pem' (it is looked for in {tmp_path})",
        "23: a password of 5 characters is too short to be kept out of the evidence (use 8 characters or more)",
        "27: no user has a 'nmae' (did you mean 'name'?)",
        "29: 'button.primary > span' is a CSS selector, and this login is by forms"
        ' (name the field or button by its name, id or text, or write by = "browser")',
        "32: unknown parameter 'code_lifetme' (did you mean 'code_lifetime'?)",
        "33: access_token_lifetime is 7200 s, over its ceiling of 3600 s (RFC 6750 §5.3: one hour or less)"
        " (lower the value)",
        "36: absent.buss: unknown value 'buss' (did you mean 'bus'?)",
        "39: unknown expectation 'TOKEN-01.E9' (did you mean 'TOKEN-01.E3'?)",
        "42: unknown expectation 'TOKEN-1.E1' (did you mean 'TOKEN-21.E1'?)",
        "44: the expected failure of TOKEN-1.E1 expired on 2026-11-21"
        " (delete it where the defect is mended, else give it another day)",
    ]


KNOWN = '[[expected_failure]]\nexpectation = "TOKEN-01.E1"\nexpires = {}\nreason = "known"\n'
CLIENT = '[[stage.dev.client]]\nid = "web"\nredirect_uri = "https://app.example.com/cb"\n'


@pytest.mark.parametrize(
    ("written", "instead", "line", "what"),
    [
        (
            'id = "web"',
            'id = "web"\nsecret = "a long secret"',
            7,
            "stage.dev.client[1]: a client with a secret says how",
        ),
        ('id = "web"', 'id = "web"\nauthentication = "client_secret_post"', 7, "client_secret_post needs a secret"),
        ("[[stage.dev.user]]", f"{CLIENT}[[stage.dev.user]]", 12, "the client 'web' is there twice"),
        ("http://127.0.0.1:8000/tenant", "id.example.com", 5, "stage.dev.issuer: no URL"),
        ("http://127.0.0.1:8000/tenant", "https://a:b@id.example.com", 5, "a URL with a password in it"),
        ("8000/tenant", "8000/tenant?x=1", 5, "stage.dev.issuer: an issuer identifier has no query"),
        ("http://127.0.0.1:8000/tenant", "ftp://x?y", 5, "no URL of http or https; write one such as"),
        ("http://127.0.0.1:8000/tenant", "ftp://x?y", 5, "; an issuer identifier has no query"),
        ('name = "alice"', 'name = "alice"\n' + KNOWN.format('"soon"'), 15, "no day; write one such as 2027-01-31"),
        ('name = "least"', 'name = "My System"', 2, "name: a name has lower-case letters"),
        ('name = "least"', 'name = "self"', 2, "'self' is the name of a target that comes along"),
        ("[[stage.dev.user]]", "[[stage.dev.usr]]", 4, "lacks the key 'stage.dev.user'"),
        ('name = "alice"', 'name = "alice"\n[[login.step]]\nfill = "user"', 13, "fill and value go together"),
        (
            'name = "alice"',
            'name = "alice"\n[[login.step]]\noptional = true',
            13,
            "exactly one of fill, click and wait",
        ),
    ],
)
def test_a_mistake_is_told_at_its_line(tmp_path: Path, written: str, instead: str, line: int, what: str) -> None:
    text = LEAST.replace('password = "${PASSWORD}"\n', "") if "login" in instead else LEAST
    (found,) = [told for told in mistakes(tmp_path, text.replace(written, instead)) if what in told[1]]
    assert found[0] == line


def test_a_stage_of_another_name_is_one_mistake_and_what_it_lacks_is_none(tmp_path: Path) -> None:
    told = mistakes(tmp_path, LEAST + '[stage.development]\nissuer = "https://id.example.com"\n')
    assert told == [(14, "stage.development: unknown value 'development'")]


def test_no_mistake_shows_a_secret(tmp_path: Path) -> None:
    for wrong in ("brief", "a long secret"):
        with pytest.raises(Mistakes) as caught:
            read(tmp_path, LEAST.replace('id = "web"', 'id = "web"\nsecret = "${SECRET}"'), SECRET=wrong)
        assert wrong not in str(caught.value)


DESCRIBED = (
    LEAST.replace("[[stage.dev.client]]", 'hosts = [\n  "login.example.com",\n  "::1",\n]\n\n[[stage.dev.client]]')
    + KNOWN.format("2027-01-31")
    + 'cell = "least/linux/d*/*/none"\n'
)


@pytest.mark.parametrize(
    ("written", "instead", "line", "told"),
    [
        ('"login.', '"https://login.', 8, 'no host; write "login.example.com": its name alone'),
        ('"::1"', '"[::1]:8443"', 9, 'no host; write "::1": its name alone'),
        ('"login.', '"LOGIN.', 8, 'no host; write "login.example.com": its name alone, in lower case'),
        ('"login.', '"*.', 8, "no host; write each by its whole name"),
        ("/d*/", "/dve/", 23, "no cell of this target has the stage 'dve' (did you mean 'dev'?)"),
        ("/d*/", "/prod/", 23, "no cell of this target has the stage 'prod' (valid: *, all, any, dev)"),
        ("least/linux", "lest/linux", 23, "has the target 'lest' (did you mean 'least'?)"),
        ("/linux/", "/linus/", 23, "has the os 'linus' (did you mean 'linux'?)"),
        ("d*/*/", "d*/chromium/", 23, "has the browser 'chromium' (valid: *, any, none)"),
        ("/none", "/nome", 23, "has the store 'nome' (did you mean 'none'?)"),
        ("127.0.0.1:8000", "127.0.0.1:459091", 5, "there is no port 459091; write one from 1 to 65535"),
        ("127.0.0.1:8000", "127.0.0.1:web", 5, "there is no port web; write one from 1 to 65535"),
        ("app.example.com/cb", "app.example.com:0/cb", 14, "there is no port 0; write one from 1 to 65535"),
        ("http://127.0.0.1:8000", "http://[", 5, "no URL of http or https; write one such as"),
        (
            "https://app.example.com/cb",
            "callback",
            14,
            "client[1].redirect_uri: no absolute URI",
        ),
        ("https://app.example.com/cb", "localhost:1/cb", 14, "such as http://localhost:1/cb (found 'localhost:1/cb')"),
        ("https://app", "app", 14, "such as https://app.example.com/cb (found"),
        ("https://app.example.com/cb", "https:/cb", 14, "no absolute URI"),
        ("https://app.example.com/cb", "com.example.app:/cb", 14, "write native = true for the client"),
        ("com/cb", "com/cb#here", 14, "a redirect URI has no fragment"),
        (
            'com/cb"',
            'com/cb"\nother_redirect_uris = [\n"https://a.example/2",\n"callback"]',
            17,
            "uris[2]: no absolute URI",
        ),
    ],
)
def test_a_place_that_cannot_be_is_told_with_what_to_write(
    tmp_path: Path, written: str, instead: str, line: int, told: str
) -> None:
    assert read(tmp_path, DESCRIBED).stages["dev"].hosts == {"login.example.com", "::1"}
    with pytest.raises(Mistakes) as caught:
        read(tmp_path, DESCRIBED.replace(written, instead))
    (mistake,) = caught.value.mistakes
    assert (mistake.line, told in str(mistake)) == (line, True), str(mistake)


@pytest.mark.parametrize("uri", ["com.example.app:/cb", "myapp://cb", "http://127.0.0.1:8765/cb", "http://[::1]/cb"])
def test_a_native_app_may_have_a_scheme_of_its_own(tmp_path: Path, uri: str) -> None:
    text = LEAST.replace("https://app.example.com/cb", uri).replace('id = "web"', 'id = "web"\nnative = true')
    assert read(tmp_path, text).stages["dev"].clients["web"].redirect_uri == uri
    with pytest.raises(Mistakes, match="no absolute URI"):
        read(tmp_path, text.replace(uri, "com.example.app"))


def test_what_an_unset_variable_leaves_is_no_second_mistake(tmp_path: Path) -> None:
    text = DESCRIBED.replace("https://app.example.com", "${APP}").replace('"::1"', '"${HOST}"')
    assert [what for _, what in mistakes(tmp_path, text)] == [
        "the environment variable 'HOST' is not set",
        "the environment variable 'APP' is not set",
    ]
