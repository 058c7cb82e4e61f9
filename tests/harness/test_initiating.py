"""`init` writes a description that loads, whatever the issuer says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import cast, get_args
from urllib.parse import parse_qs

import pytest
from click.testing import CliRunner

from harness.cli import main
from harness.errors import UsageError
from harness.initiating import read_issuers, write_description
from harness.machine.session import PrivateSession
from harness.observe import Recorder
from harness.probes.forms import Control, Form
from harness.redact import Redactor
from harness.targets.description import Capability
from harness.targets.description_file import load_description
from harness.targets.oauth import OAuthTarget
from harness.targets.proposal import NAME_FIRST_IN_A_BROWSER, Answers, Found, proposal
from tests.harness.contracts.fake_issuer import PASSWORD, FakeIssuer, _Handler

HOSTILE = '"]\n[stage.prod]\nissuer = "https://evil.example"\x1b[31m\u202e\U000e0001\\ ${HOME}'


def _answers(url: str, **changed: str) -> Answers:
    return Answers({"dev": url}, "web", "http://127.0.0.1:1/cb", "alice", "PASSWORD", **changed)


def test_a_description_is_written_that_loads_and_logs_in(fake: FakeIssuer, tmp_path: Path) -> None:
    written = write_description(_answers(fake.url), tmp_path / "t.toml", force=False)
    described = load_description(tmp_path / "t.toml", {"PASSWORD": PASSWORD})
    assert described.stages["dev"].issuer == fake.url
    assert described.login.by == "form"
    assert written.found["dev"].url
    assert PASSWORD not in (tmp_path / "t.toml").read_text()
    assert "export PASSWORD=…" in written.next_steps


def test_an_issuer_that_is_not_there_is_described_all_the_same(tmp_path: Path) -> None:
    written = write_description(_answers("http://127.0.0.1:9"), tmp_path / "t.toml", force=False)
    assert "no metadata" in written.found["dev"].problem
    assert "# to be mended:" in (tmp_path / "t.toml").read_text()


def test_an_issuer_of_an_unknown_authority_is_told_with_the_option_that_mends_it(
    tls: tuple[int, Path], tmp_path: Path
) -> None:
    lines: list[str] = []
    answers = _answers(f"https://right.localhost:{tls[0]}")
    write_description(answers, tmp_path / "t.toml", force=False, tell=lines.append)
    assert "is not accepted" in lines[-1]
    assert "authassay init: --ca-file ca.pem --force" in lines[-1]
    text = (tmp_path / "t.toml").read_text()
    assert ("is not accepted" in text, "--ca-file ca.pem" in text) == (True, True)
    described = load_description(tmp_path / "t.toml", {"PASSWORD": PASSWORD})
    assert (described.login.by, '\n# scope = "openid"' in text) == ("form", True)


def test_in_json_each_problem_has_what_mends_it(tls: tuple[int, Path], tmp_path: Path) -> None:
    given = {"issuer": f"https://right.localhost:{tls[0]}", "client-id": "web", "user": "alice"}
    given |= {"redirect-uri": "http://127.0.0.1:1/cb", "out": str(tmp_path / "t.toml")}
    options = [word for name, value in given.items() for word in (f"--{name}", value)]
    told = CliRunner().invoke(main, ["init", *options, "--json"])
    stage = json.loads(told.stdout)["stages"]["dev"]
    assert "is not accepted" in stage["problem"] + stage["mend"]
    assert "authassay init: --ca-file ca.pem --force" in stage["mend"]


@pytest.mark.parametrize(
    ("redirect_uri", "ca_file", "told"),
    [
        ("callback", "", "--redirect-uri: 'callback': no absolute URI"),
        ("app:/cb", "nowhere.pem", "--ca-file: there is no file 'nowhere.pem'"),
    ],
)
def test_an_answer_of_no_use_is_told_by_its_option(redirect_uri: str, ca_file: str, told: str, tmp_path: Path) -> None:
    answers = Answers({"dev": "http://127.0.0.1:9"}, "web", redirect_uri, user="alice", ca_file=ca_file)
    with pytest.raises(UsageError, match=told):
        write_description(answers, tmp_path / "t.toml", False)
    assert not list(tmp_path.iterdir())


def test_what_doctor_says_to_declare_absent_is_among_the_hints(tmp_path: Path) -> None:
    text = proposal(_answers("https://id.example"), {"dev": Found()})
    named = "|".join(get_args(Capability))
    hinted = re.sub(f"^# (?=({named}) = )", "", text, flags=re.MULTILINE)
    (tmp_path / "t.toml").write_text(hinted, encoding="utf-8")
    described = load_description(tmp_path / "t.toml", {"PASSWORD": PASSWORD})
    assert {*get_args(Capability)} - {*described.absent} == {"issuer", "stages", "clock"}


def test_a_file_that_is_there_is_replaced_only_when_told(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        write_description(_answers("http://127.0.0.1:9"), file, force=False)
    assert file.read_text() == "mine"
    write_description(_answers("http://127.0.0.1:9"), file, force=True)
    assert load_description(file, {"PASSWORD": PASSWORD}).name == "127.0.0.1"


def test_what_a_hostile_issuer_says_is_text_and_nothing_else(tmp_path: Path) -> None:
    names = ("scopes_supported", "code_challenge_methods_supported", "token_endpoint_auth_methods_supported")
    metadata = {**{name: [HOSTILE] for name in names}, "token_endpoint": "https://${HOME}.evil.example/\n[login]"}
    form = Form("", "POST", {HOSTILE: ""}, controls=[Control(text=HOSTILE)], password_fields=[HOSTILE])
    text = proposal(_answers("https://id.example"), {"dev": Found(metadata, HOSTILE, form, HOSTILE)})
    file = tmp_path / "t.toml"
    file.write_text(text, encoding="utf-8")
    described = load_description(file, {"PASSWORD": PASSWORD})
    assert list(described.stages) == ["dev"]
    assert not described.stages["dev"].hosts
    assert not described.login.steps
    assert all(character.isprintable() or character == "\n" for character in text)


def test_what_a_person_answers_is_kept_letter_by_letter(tmp_path: Path) -> None:
    odd = 'a "quoted" \\ user\U0001f511\x07'
    file = tmp_path / "t.toml"
    answers = Answers({"dev": "https://id.example"}, "web", "http://127.0.0.1:1/cb", odd, "PASSWORD")
    file.write_text(proposal(answers, {"dev": Found()}), encoding="utf-8")
    users = load_description(file, {"PASSWORD": PASSWORD}).stages["dev"].users
    assert [user.name for user in users.values()] == [odd]


def test_an_answer_may_name_a_variable_which_is_to_be_set_then(tmp_path: Path) -> None:
    answers = Answers({"dev": "http://127.0.0.1:9"}, "web", "http://127.0.0.1:1/cb", "${HOME}")
    written = write_description(answers, tmp_path / "t.toml", force=False)
    assert {"export HOME=…", "export AUTHASSAY_PASSWORD=…"} <= set(written.next_steps)
    described = load_description(written.file, {"AUTHASSAY_PASSWORD": PASSWORD, "HOME": "alice"})
    assert described.stages["dev"].users["existing"].name == "alice"


def test_what_would_not_load_is_told_without_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"t\.toml was not written") as told:
        write_description(_answers("http://127.0.0.1:9", name="${HOME}"), tmp_path / "t.toml", force=False)
    assert ".authassay-" not in str(told.value)
    assert "HOME" in str(told.value)
    assert not list(tmp_path.iterdir())


class NameFirst(_Handler):
    """Asks for the name on one page, and for the password on the next."""

    def answer(self, status: int, body: str = "", headers: Mapping[str, str] | None = None) -> None:
        shown = body.replace('<input type="password" name="password">', "").replace("Yes", "Continue")
        super().answer(status, shown, headers)

    def do_POST(self) -> None:  # noqa: N802 - as http.server names it
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.rfile = BytesIO(body)
        form = parse_qs(body.decode())
        if self.path == "/login" and "password" not in form:
            kept = "".join(
                f'<input type="hidden" name="{name}" value="{form[name][0]}">' for name in ("request", "user")
            )
            button = '<button name="go" value="yes">Sign in</button>'
            page = f'<form action="login" method="post">{kept}<input name="password" type="password">{button}</form>'
            super().answer(200, page)
        else:
            super().do_POST()


def test_a_login_that_asks_for_the_name_first_is_described_by_steps_that_go_through_it(
    fake: FakeIssuer, tmp_path: Path
) -> None:
    fake.RequestHandlerClass = NameFirst
    lines: list[str] = []
    write_description(_answers(fake.url), tmp_path / "t.toml", force=False, tell=lines.append)
    assert "a login that asks for the name first: see [login] in the file" in lines[-1]
    described = load_description(tmp_path / "t.toml", {"PASSWORD": PASSWORD})
    assert [step.fill or step.click for step in described.login.steps] == ["user", "Continue", "password"]
    target = OAuthTarget(described, cast("PrivateSession", None), Redactor())
    at = target.issuer("dev", Recorder("s", target.redactor, lambda one: None))
    assert at.log_in("login", at.address.clients["web"], at.address.users["existing"]).access_token
    target.close()


@pytest.mark.parametrize(
    ("form", "by", "fills"),
    [
        (None, "browser", 0),
        (Form("", "POST", {"user": ""}, controls=[Control(text="Go")], text_fields=["user"]), "form", 2),
        (Form("", "POST", {HOSTILE: ""}, controls=[Control(text=HOSTILE)], text_fields=[HOSTILE]), "browser", 2),
    ],
)
def test_the_steps_in_a_browser_stand_there_too_and_load_where_they_are_not_yet_taken(
    form: Form | None, by: str, fills: int, tmp_path: Path
) -> None:
    text = proposal(_answers("https://id.example"), {"dev": Found({}, "https://id.example/metadata", form)})
    file, environment = tmp_path / "t.toml", {"PASSWORD": PASSWORD}
    file.write_text(text, encoding="utf-8")
    login = load_description(file, environment).login
    assert (login.by, len([step for step in login.steps if step.fill])) == (by, fills)
    if by == "form":
        text = text[: text.index('\nby = "form"')] + text[text.index("\n[absent]") :]
    head, _, rest = text.partition("[login]\n")
    taken = re.sub(r"^# (?=\[\[login|(by|fill|value|click|wait) = )", "", rest, flags=re.MULTILINE)
    file.write_text(f"{head}[login]\n{taken}", encoding="utf-8")
    login = load_description(file, environment).login
    assert (login.by, login.steps) == ("browser", NAME_FIRST_IN_A_BROWSER)


@pytest.mark.parametrize(
    "given", ["id.example", "prd=https://id.example", "dev=id.example", "http://[", "https://x:99999999"]
)
def test_an_issuer_that_is_none_is_told(given: str) -> None:
    with pytest.raises(UsageError, match="write"):
        read_issuers([given])


def test_stages_are_named_once_each() -> None:
    assert list(read_issuers(["prod=https://p.example", "https://d.example"])) == ["dev", "prod"]
    with pytest.raises(UsageError, match="twice"):
        read_issuers(["https://d.example", "dev=https://e.example"])


@pytest.mark.skipif(os.name == "nt", reason="there is no pseudo-terminal")
def test_a_mistake_at_a_question_is_asked_again_and_the_end_of_the_input_is_no_defect(tmp_path: Path) -> None:
    import pty

    typist, terminal = pty.openpty()
    command = [sys.executable, "-m", "harness.cli", "init", "--out", str(tmp_path / "t.toml")]
    with os.fdopen(typist, "wb", buffering=0) as keyboard, os.fdopen(terminal, "rb") as stdin:
        keyboard.write(b"id.example\nhttps://id.example\n\x04")
        ended = subprocess.run(command, stdin=stdin, capture_output=True, text=True, timeout=60)
    assert (
        "Error: --issuer: 'id.example': no URL of http or https; write one such as https://id.example.com"
        in ended.stdout
    )
    assert "Client id" in ended.stdout
    assert (ended.returncode, ended.stderr) == (3, "\nauthassay: interrupted before anything was started\n")


def test_nothing_is_asked_where_the_file_is_there_already(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text("mine")
    ended = CliRunner().invoke(main, ["init", "--out", str(file)])
    assert (ended.exit_code, "--force to replace it" in ended.stderr) == (2, True)
