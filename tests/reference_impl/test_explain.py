"""The explanation of a configuration: every value with its source, and no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from reference_impl.__main__ import main
from reference_impl.aws import AwsAccess
from reference_impl.config.explain import explain_config
from reference_impl.provision import StageUrls, provision
from reference_impl.secret_parameters import SECRETS, parameter_name

ACCESS = AwsAccess(access_key_id="AKIAEXAMPLEEXAMPLE12", secret_access_key="s" * 40)


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    with mock_aws():
        urls = StageUrls.on_loopback("dev", 8443)
        yield dict(provision("dev", urls, tmp_path / "dev.sqlite", ACCESS, scrypt_cost=2).environ)


def secrets() -> list[str]:
    ssm = ACCESS.clients().ssm()
    names = [parameter_name("authassay", "dev", secret) for secret in SECRETS]
    return [one["Value"] for one in ssm.get_parameters(Names=names, WithDecryption=True)["Parameters"]]


def test_every_value_has_its_source(environ: dict[str, str]) -> None:
    explanation = explain_config(environ)
    told = {origin.name: origin for origin in explanation.origins}
    assert explanation.faults == ()
    assert (told["stage"].value, told["stage"].source) == ("dev", "AUTH_STAGE")
    assert told["Issuer.url"].source == "environment SST_RESOURCE_Issuer"
    assert told["signing-key"].source == "SSM parameter /authassay/dev/auth/signing-key"
    assert (told["AUTH_SECRETS"].value, told["AUTH_SECRETS"].source) == ("ssm", "default")
    assert told["AUTH_TLS_CA"].source == "not set"


def test_no_secret_is_shown_but_its_mark(environ: dict[str, str]) -> None:
    explanation = explain_config(environ)
    shown = explanation.as_text() + json.dumps(explanation.as_json())
    for secret in (*secrets(), ACCESS.access_key_id, ACCESS.secret_access_key):
        assert secret
        assert secret not in shown
    assert shown.count("<secret, ") >= 2 * len(SECRETS)


def test_of_a_password_that_somebody_chose_its_length_alone_is_told(environ: dict[str, str]) -> None:
    password = "correct horse battery s"
    environ["SST_RESOURCE_Bus"] = json.dumps({**json.loads(environ["SST_RESOURCE_Bus"]), "password": password})
    told = {origin.name: origin.value for origin in explain_config(environ).origins}
    assert told["Bus.password"] == "<secret, 23 characters>"
    assert "sha256" in told["refresh-key"], "what was made at random can be compared"


def test_only_what_is_declared_is_shown(environ: dict[str, str]) -> None:
    api = {**json.loads(environ["SST_RESOURCE_Api"]), "token": "s3cret", "apiKey": "s3cret", "nested": {"a": "s3cret"}}
    environ |= {
        "SST_RESOURCE_Api": json.dumps(api),
        "SST_RESOURCE_Issuer": '{"url": "https://u:s3/c?r#s3cret@auth.dev.localhost", "lifetimes": {"code": "s3cret"}}',
        "SST_RESOURCE_Web": '{"url": {"s3cret": "s3cret"}}',
        "SST_RESOURCE_Bus": "s3cret, and no JSON",
        "SST_RESOURCE_OtherStages": '{"staging": {"issuer": "https://u:s3cret@a", "api": "s3cret:@b", "k": "s3cret"}}',
        "AWS_ENDPOINT_URL": "https://u:s3cret@aws.example:5000?s3cret",
        "AWS_ENDPOINT_URL_EVENTBRIDGE": "u:s3cret@aws.example",
        "AWS_SESSION_TOKEN": "s3cret",
    }
    explanation = explain_config(environ)
    told = {origin.name: origin.value for origin in explanation.origins}
    assert "s3cret" not in explanation.as_text() + json.dumps(explanation.as_json())
    assert (told["Api.url"], told["Api.apiKey"]) == (api["url"], "<secret, 6 characters>")
    assert told["Issuer.url"] == "https://…@auth.dev.localhost"
    assert told["OtherStages.staging.issuer"] == "https://…@a"
    assert told["AWS_ENDPOINT_URL"] == "https://…@aws.example:5000?…"


def test_lifetimes_are_shown_in_numbers(environ: dict[str, str]) -> None:
    issuer = {**json.loads(environ["SST_RESOURCE_Issuer"]), "lifetimes": {"code": 30}}
    environ["SST_RESOURCE_Issuer"] = json.dumps(issuer)
    told = {origin.name: origin.value for origin in explain_config(environ).origins}
    assert told["Issuer.lifetimes"] == '{"code": 30}'


def test_a_damaged_stamp_is_told_as_at_a_start(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged() -> None:
        raise ValueError("build-stamp.json is no build stamp: pack the build again")

    monkeypatch.setattr("reference_impl.__main__.read_stamp", damaged)
    said = set()
    for arguments in ([], ["--explain-config"]):
        assert main(environ, arguments=arguments) == 2
        said.add(capsys.readouterr().err)
    assert said == {"reference_impl did not start:\n  build-stamp.json is no build stamp: pack the build again\n"}


def test_the_program_tells_faults_too_and_serves_nothing(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    del environ["SST_RESOURCE_Bus"]
    assert main(environ, arguments=["--explain-config", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["faults"] == ["SST_RESOURCE_Bus is not set: start under SST, or set it"]
    assert {"App.name", "Issuer.url", "users"} <= {value["name"] for value in told["values"]}


def test_a_program_that_may_serve_explains_itself_as_a_table(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(environ, arguments=["--explain-config"]) == 0
    assert "from environment SST_RESOURCE_Web" in capsys.readouterr().out


def test_another_argument_is_refused(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(environ, arguments=["--issuer=https://evil.example"]) == 2
    assert "there is only --explain-config" in capsys.readouterr().err
