"""Configuration: the stage exactly, every fault at once, and never a secret in an error."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from reference_impl.config import BuildStamp, ConfigurationError, Lifetimes, load_config, parse_stage
from reference_impl.config.build_stamp import digests
from reference_impl.provision import audience_of, make_secrets
from reference_impl.secret_parameters import parameter_name, write_secrets

SECRETS = make_secrets("prod", {"alice": "wonderland"}, scrypt_cost=2)
STAMP = BuildStamp("prod", "https://auth.example", "https://api.example", "desktop", "https://app.example")
OTHER_KEY = make_secrets("prod", {}, scrypt_cost=2).signing_key
USER = asdict(SECRETS.users[0])
_PARTS = USER["password_hash"].split("$")
NO_HASHES = (
    "hunter2",
    "$".join(["bcrypt", *_PARTS[1:]]),
    *("$".join([_PARTS[0], n, *_PARTS[2:]]) for n in ("0", "1", "3", "8388608", "99999999999", "-2", "two")),
    "$".join([*_PARTS[:2], "0", *_PARTS[3:]]),
    "$".join([*_PARTS[:3], "99", *_PARTS[4:]]),
    "$".join([*_PARTS[:4], "!!!secret!!!", _PARTS[5]]),
    "$".join([*_PARTS[:5], "c2hvcnQ="]),
)
WHOLE = {"SST_RESOURCE_Issuer": '{"url": "https://auth.example"}'}


class ParameterStore:
    """Plays SSM: parameters by name, with their types."""

    def __init__(self) -> None:
        self.parameters: dict[str, tuple[str, str]] = {}
        write_secrets(self, "shop", "prod", SECRETS)  # type: ignore[arg-type]  # a stand-in

    def put_parameter(self, *, Name: str, Value: str, Type: str, Overwrite: bool) -> None:  # noqa: N803
        self.parameters[Name] = (Type, Value)

    def get_paginator(self, operation: str) -> ParameterStore:
        return self

    def paginate(self, *, Path: str, WithDecryption: bool) -> Iterator[Any]:  # noqa: N803
        for name, (type_, value) in self.parameters.items():
            if name.startswith(Path):
                yield {"Parameters": [{"Name": name, "Type": type_, "Value": value}]}

    def close(self) -> None:
        pass


@pytest.fixture
def store() -> ParameterStore:
    return ParameterStore()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    resources = {
        "App": {"name": "shop", "stage": "prod"},
        "Issuer": {"url": "https://auth.example"},
        "Api": {"url": "https://api.example", "audience": "shop-api"},
        "Web": {"url": "https://app.example"},
        "Bus": {"name": "shop-bus"},
    }
    environ = {f"SST_RESOURCE_{name}": json.dumps(value) for name, value in resources.items()}
    return {**environ, "AUTH_STAGE": "prod", "AUTH_DATABASE": str(tmp_path / "prod.sqlite")}


def load(environ: Mapping[str, str], store: ParameterStore, stamp: BuildStamp | None = None) -> Any:
    return load_config(environ, lambda _: store, stamp)  # type: ignore[arg-type,return-value]  # a stand-in


def faults(environ: Mapping[str, str], store: ParameterStore, stamp: BuildStamp | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load(environ, store, stamp)
    assert str(caught.value) == "\n".join(caught.value.faults)
    return caught.value.faults


def deploy(environ: dict[str, str], store: ParameterStore, stage: str, app: str = "shop") -> None:
    """Let the environment be of another stage, or app, with secrets of its own."""
    write_secrets(store, app, stage, make_secrets(stage, {}, scrypt_cost=2))  # type: ignore[arg-type]  # a stand-in
    environ |= {"AUTH_STAGE": stage, "SST_RESOURCE_App": json.dumps({"name": app, "stage": stage})}


def test_a_whole_configuration_is_read(environ: dict[str, str], store: ParameterStore) -> None:
    config = load(environ, store)
    assert (config.app, config.stage, config.issuer, config.audience) == (
        "shop", "prod", "https://auth.example", "shop-api",
    )  # fmt: skip
    assert [client.redirect_uris for client in config.clients] == [
        ("https://app.example/callback",),
        ("http://127.0.0.1/cb", "http://127.0.0.1/cb/prod"),
        ("https://app.example/reports/callback",),
    ]
    assert config.refresh_key == SECRETS.refresh_key
    assert config.signing_key == SECRETS.signing_key


OTHERS = {"staging": {"issuer": "https://auth.staging.example", "api": "https://api.staging.example"}}


def test_the_web_client_may_know_other_stages(environ: dict[str, str], store: ParameterStore) -> None:
    assert load(environ, store).other_stages == ()
    environ["SST_RESOURCE_OtherStages"] = json.dumps(OTHERS)
    (other,) = load(environ, store).other_stages
    assert (other.name, other.issuer, other.api_url) == ("staging", *OTHERS["staging"].values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no json", "is not a JSON object like"),
        ('{"staging": "https://auth.staging.example"}', "is not a JSON object like"),
        (json.dumps({"prod": OTHERS["staging"]}), '"prod" is no other stage'),
        (json.dumps({"qa": OTHERS["staging"]}), '"qa" is no other stage'),
        (json.dumps({"staging": {**OTHERS["staging"], "issuer": "http://auth.example"}}), "needs https origins"),
        (json.dumps({"staging": {**OTHERS["staging"], "api": "https://api.example/v1"}}), "needs https origins"),
        (json.dumps({"staging": {**OTHERS["staging"], "issuer": "https://auth.example"}}), "an issuer is there twice"),
        (json.dumps({**OTHERS, "dev": OTHERS["staging"]}), "an issuer is there twice"),
    ],
)
def test_what_is_wrong_with_other_stages_is_told(
    environ: dict[str, str], store: ParameterStore, text: str, said: str
) -> None:
    (fault,) = faults({**environ, "SST_RESOURCE_OtherStages": text}, store)
    assert fault.startswith("SST_RESOURCE_OtherStages")
    assert said in fault
    assert "https://" not in fault, "by name and never by value"


def test_every_lifetime_is_documented_with_a_reason_and_within_its_limit() -> None:
    lifetimes = Lifetimes()
    assert set(vars(lifetimes)) == set(Lifetimes.LIMITS)
    for name, value in vars(lifetimes).items():
        assert value <= Lifetimes.LIMITS[name].ceiling
        assert Lifetimes.LIMITS[name].reason


def test_no_secret_shows_in_the_repr(environ: dict[str, str], store: ParameterStore) -> None:
    environ |= {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "very-secret"}
    shown = repr(load(environ, store))
    for secret in (SECRETS.signing_key["d"], repr(SECRETS.refresh_key), "scrypt$", "AKIAEXAMPLE", "very-secret"):
        assert secret not in shown


@pytest.mark.parametrize("stage", ["prd", "PROD", "prod ", " prod", "production-test", "prod\n", "stag", "dev,prod"])
def test_an_unknown_stage_is_named_with_the_allowed_ones(stage: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_stage(stage)
    assert f'"{stage}"' in str(caught.value)
    assert "dev, staging, prod" in str(caught.value)


def test_the_nearest_stage_is_proposed_but_never_taken() -> None:
    with pytest.raises(ConfigurationError, match='did you mean "prod"'):
        parse_stage("prd")


def test_a_missing_stage_says_so_before_anything_else_is_read(environ: dict[str, str], store: ParameterStore) -> None:
    def forbidden(_: object) -> Any:
        raise AssertionError("Parameter Store was asked")

    for stage in ({}, {"AUTH_STAGE": ""}):
        rest = {name: value for name, value in environ.items() if name != "AUTH_STAGE"}
        with pytest.raises(ConfigurationError, match=r'AUTH_STAGE is not set \(""\).*dev, staging, prod'):
            load_config({**rest, **stage}, forbidden)


def test_all_faults_come_at_once(environ: dict[str, str], store: ParameterStore) -> None:
    environ["SST_RESOURCE_App"] = '{"name": "shop", "stage": "dev"}'
    environ["SST_RESOURCE_Issuer"] = '{"url": "http://auth.example", "lifetimes": {"acess": 5, "code": 601}}'
    environ["SST_RESOURCE_Api"] = "not JSON"
    del environ["SST_RESOURCE_Web"]
    environ["SST_RESOURCE_Bus"] = '{"name": ""}'
    del environ["AUTH_DATABASE"]
    del store.parameters[parameter_name("shop", "prod", "refresh-key")]
    found = "\n".join(faults(environ, store))
    for part in (
        "App is of another stage", "Issuer: url is not https", '"acess", access is', "lifetime code is 0 to 600",
        "SST_RESOURCE_Api is not a JSON object", "SST_RESOURCE_Web is not set",
        'SST_RESOURCE_Bus has no text under "name"',
        "AUTH_DATABASE is not set", "/shop/prod/auth/refresh-key is missing",
    ):  # fmt: skip
        assert part in found
    assert len(found.splitlines()) == 9


@pytest.mark.parametrize(
    "url",
    [
        "https://auth.example/",
        "https://auth.example/path",
        "auth.example",
        "https://",
        "https://auth.example?x",
        "ftp://x",
        "https://[::1",
        "https://[::1::2]",
        "https://auth.example:99999",
        "https://auth.example:0",
        "https://auth.example:",
        "https://auth example",
        "https://auth.example\n",
        "https://AUTH.example",
        "https://auth..example",
        "https://-auth.example",
        "https://alice@auth.example",
    ],
)
def test_an_issuer_is_an_origin(environ: dict[str, str], store: ParameterStore, url: str) -> None:
    environ["SST_RESOURCE_Issuer"] = json.dumps({"url": url})
    (fault,) = faults(environ, store)
    assert "SST_RESOURCE_Issuer: url is not an origin" in fault
    others = {"staging": {**OTHERS["staging"], "issuer": url}}
    (fault,) = faults({**environ, **WHOLE, "SST_RESOURCE_OtherStages": json.dumps(others)}, store)
    assert "needs https origins" in fault


@pytest.mark.parametrize("url", ["https://auth.example:8443", "https://[2001:db8::1]:8443", "https://auth_1.internal"])
def test_an_origin_may_have_a_port_and_be_an_address(environ: dict[str, str], store: ParameterStore, url: str) -> None:
    assert load({**environ, "SST_RESOURCE_Issuer": json.dumps({"url": url})}, store).issuer == url


@pytest.mark.parametrize(
    "host", ["auth.example.dev", "auth.staging-posts.com", "dev-tools.example", "auth.prod.example.com"]
)
def test_what_a_company_is_called_is_no_stage(environ: dict[str, str], store: ParameterStore, host: str) -> None:
    for name in ("Issuer", "Web"):
        environ[f"SST_RESOURCE_{name}"] = json.dumps({"url": f"https://{host}"})
    assert load(environ, store).host(f"https://{host}") == host


@pytest.mark.parametrize(
    ("host", "stage"),
    [
        ("auth.staging.example.com", "staging"),
        ("dev.auth.example.com", "dev"),
        ("auth.dev.localhost", "dev"),
        ("dev.localhost", "dev"),
    ],
)
def test_a_host_of_another_stage_is_refused(
    environ: dict[str, str], store: ParameterStore, host: str, stage: str
) -> None:
    (fault,) = faults({**environ, "SST_RESOURCE_Issuer": json.dumps({"url": f"https://{host}"})}, store)
    assert f"url is a host of {stage}, and this is prod" in fault


def test_production_spelt_out_is_prod(environ: dict[str, str], store: ParameterStore) -> None:
    deploy(environ, store, "dev")
    environ["SST_RESOURCE_Issuer"] = '{"url": "https://auth.production.example.com"}'
    (fault,) = faults(environ, store)
    assert "url is a host of prod, and this is dev" in fault


def test_a_copy_of_another_stages_secrets_is_refused(environ: dict[str, str], store: ParameterStore) -> None:
    deploy(environ, store, "dev")
    assert load(environ, store).stage == "dev"
    write_secrets(store, "shop", "dev", SECRETS)  # type: ignore[arg-type]  # a stand-in
    (fault,) = faults(environ, store)
    assert fault == """secret "signing-key": its kid is one of prod, and this is dev: give it dev's own"""


@pytest.mark.parametrize("kid", ["2026-11", "products-1", "key-of-dev", "prod", "prod-1"])
def test_a_key_that_was_made_elsewhere_is_called_as_its_maker_likes(
    environ: dict[str, str], store: ParameterStore, kid: str
) -> None:
    text = json.dumps({**SECRETS.signing_key, "kid": kid})
    store.parameters[parameter_name("shop", "prod", "signing-key")] = ("SecureString", text)
    assert load(environ, store).signing_key["kid"] == kid


NAMED = {
    "SST_RESOURCE_Bus": ("name", '{{"name": "{}"}}'),
    "SST_RESOURCE_Api": ("audience", '{{"url": "https://api.example", "audience": "{}"}}'),
    "AUTH_STATE_TABLE": ("AUTH_STATE_TABLE", "{}"),
}


@pytest.mark.parametrize("variable", NAMED)
@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("shop-dev-bus", "dev"),
        ("shop-staging-AuthTable", "staging"),
        ("DEV_events", "dev"),
        ("arn:aws:events:eu-west-1:111122223333:event-bus/shop-dev-bus", "dev"),
    ],
)
def test_a_name_of_another_stage_is_refused(
    environ: dict[str, str], store: ParameterStore, variable: str, name: str, stage: str
) -> None:
    member, form = NAMED[variable]
    (fault,) = faults({**environ, variable: form.format(name)}, store)
    assert fault.startswith(variable)
    assert fault.endswith(f"{member} is one of {stage}, and this is prod: give it prod's own")


def test_production_spelt_out_in_a_name_is_prod(environ: dict[str, str], store: ParameterStore) -> None:
    deploy(environ, store, "dev")
    (fault,) = faults({**environ, "SST_RESOURCE_Bus": '{"name": "production-events"}'}, store)
    assert "name is one of prod" in fault


@pytest.mark.parametrize(
    "name", ["shop-prod-bus", "development-news", "AuthDevTable", "stagings", "production", "devs"]
)
def test_what_holds_a_stages_letters_is_not_of_it(environ: dict[str, str], store: ParameterStore, name: str) -> None:
    for variable, (_, form) in NAMED.items():
        environ[variable] = form.format(name)
    config = load(environ, store)
    assert (config.bus, config.audience, config.state_table) == (name, name, name)


def test_what_an_app_is_called_is_no_stage(environ: dict[str, str], store: ParameterStore) -> None:
    deploy(environ, store, "prod", "dev-tools")
    environ["SST_RESOURCE_Bus"] = '{"name": "dev-tools-prod-bus"}'
    assert load(environ, store).bus == "dev-tools-prod-bus"
    for name in ("dev-tools-dev-bus", "dev-tools-prod-bus-of-dev-dev-tools"):
        (fault,) = faults({**environ, "SST_RESOURCE_Bus": json.dumps({"name": name})}, store)
        assert "name is one of dev" in fault
    deploy(environ, store, "prod", "dev")
    (fault,) = faults({**environ, "SST_RESOURCE_Bus": '{"name": "dev-dev-bus"}'}, store)
    assert "name is one of dev" in fault


@pytest.mark.parametrize("name", ["Issuer", "Api", "Web"])
def test_a_stamped_server_serves_the_origins_of_its_stamp(
    environ: dict[str, str], store: ParameterStore, name: str
) -> None:
    assert load(environ, store, STAMP).stage == "prod"
    resource = {**json.loads(environ[f"SST_RESOURCE_{name}"]), "url": "https://evil.example.org"}
    (fault,) = faults({**environ, f"SST_RESOURCE_{name}": json.dumps(resource)}, store, STAMP)
    assert fault.startswith(f"SST_RESOURCE_{name}: url is not that of this build's stamp, {STAMP.origins[name]}")


def test_an_origin_that_the_stamp_does_not_name_may_be_any_but_another_stages(
    environ: dict[str, str], store: ParameterStore
) -> None:
    stamp = replace(STAMP, web_url="", foreign=digests(["https://app.example.net"]))
    assert load(environ, store, stamp).web_url == "https://app.example"
    (fault,) = faults({**environ, "SST_RESOURCE_Web": '{"url": "https://app.example.net"}'}, store, stamp)
    assert fault == "SST_RESOURCE_Web: url is a host of another stage, and this is prod: give it prod's own"


def test_a_stamped_server_knows_the_stages_that_it_was_built_with(
    environ: dict[str, str], store: ParameterStore
) -> None:
    environ["SST_RESOURCE_OtherStages"] = json.dumps(OTHERS)
    assert [one.name for one in load(environ, store, STAMP).other_stages] == ["staging"]
    for url in OTHERS["staging"].values():
        (fault,) = faults(environ, store, replace(STAMP, foreign=digests([url])))
        assert fault == "SST_RESOURCE_OtherStages: this build was not made for staging: leave it out"


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EVENTBRIDGE"])
@pytest.mark.parametrize(
    "url", ["s3cret", "https://u:s3cret@aws.example", "https://aws.example?s3cret", "ftp://s3cret"]
)
def test_an_endpoint_of_aws_is_an_origin(
    environ: dict[str, str], store: ParameterStore, variable: str, url: str
) -> None:
    assert load({**environ, variable: "http://127.0.0.1:5000/"}, store).stage == "prod"
    (fault,) = faults({**environ, variable: url}, store)
    assert fault.startswith(f"{variable} is not an origin")
    with pytest.raises(ConfigurationError):
        load_config({**environ, variable: url}, lambda _: pytest.fail("AWS was asked"))
    assert "s3cret" not in fault


DEEP = "[" * 100_000


@pytest.mark.parametrize("text", [DEEP, '{"a":' * 100_000])
def test_what_is_nested_too_deeply_is_a_fault(
    environ: dict[str, str], store: ParameterStore, tmp_path: Path, text: str
) -> None:
    for name in ("Bus", "OtherStages"):
        (fault,) = faults({**environ, f"SST_RESOURCE_{name}": text}, store)
        assert fault.startswith(f"SST_RESOURCE_{name} is not a JSON object")
    for secret in ("signing-key", "users"):
        store.parameters[parameter_name("shop", "prod", secret)] = ("SecureString", text)
    assert ["is not usable: it is JSON" in fault for fault in faults(environ, store)] == [True, True]
    (tmp_path / "settings.json").write_text(text, encoding="utf-8")
    del environ["AUTH_STAGE"]
    (fault,) = faults({**environ, "AUTH_SETTINGS": str(tmp_path / "settings.json")}, store)
    assert "is not a readable JSON file" in fault


def test_only_dev_may_do_without_https(environ: dict[str, str], store: ParameterStore) -> None:
    environ["SST_RESOURCE_Issuer"] = '{"url": "http://auth.example"}'
    for stage in ("prod", "staging"):
        deploy(environ, store, stage)
        (fault,) = faults(environ, store)
        assert f"Issuer: url is not https, which {stage} requires" in fault
    deploy(environ, store, "dev")
    assert load(environ, store).issuer == "http://auth.example"


@pytest.mark.parametrize(
    ("secret", "value", "said"),
    [
        ("signing-key", "{not json", "it is JSON"),
        ("signing-key", '{"kty": "EC"}', "has the member 'crv'"),
        ("signing-key", json.dumps({**SECRETS.signing_key, "crv": "P-384"}), "EC and P-256"),
        ("signing-key", json.dumps({**SECRETS.signing_key, "x": "AAAA", "y": "AAAA"}), "one P-256 key pair"),
        ("signing-key", json.dumps({**SECRETS.signing_key, "d": "c2hvcnQ="}), "one P-256 key pair"),
        ("signing-key", json.dumps({**SECRETS.signing_key, "d": OTHER_KEY["d"]}), "one P-256 key pair"),
        ("signing-key", json.dumps({**SECRETS.signing_key, "d": "!!!secret!!!"}), "one P-256 key pair"),
        ("refresh-key", "c2hvcnQ=", "5 bytes long"),
        ("subject-key", "!!!secret!!!", "base64url"),
        ("users", '[{"username": "x", "pasword_hash": "hunter2"}]', "each user has"),
        ("users", "", "is empty"),
        ("users", json.dumps([{**USER, "username": 5}]), "user 1: its username, subject and password_hash are texts"),
        ("users", json.dumps([USER, {**USER, "subject": None}]), "user 2: its username, subject"),
        ("users", json.dumps([{**USER, "subject": ""}]), "user 1: its username, subject"),
        ("users", json.dumps([{**USER, "disabled": "no"}]), "disabled is true or false"),
        *(("users", json.dumps([{**USER, "password_hash": text}]), "its password_hash is") for text in NO_HASHES),
        ("users", json.dumps([USER, {**USER, "username": "x"}]), "two users have the same subject"),
        ("users", json.dumps([USER, {**USER, "subject": "x"}]), "two users have the same username"),
    ],
)
def test_an_unusable_secret_is_named_and_never_quoted(
    environ: dict[str, str], store: ParameterStore, secret: str, value: str, said: str
) -> None:
    store.parameters[parameter_name("shop", "prod", secret)] = ("SecureString", value)
    (fault,) = faults(environ, store)
    assert f"/shop/prod/auth/{secret}" in fault
    assert said in fault
    for hidden in ("not json", "hunter2", "!!!secret!!!", "c2hvcnQ=", SECRETS.signing_key["d"], OTHER_KEY["d"]):
        assert hidden not in fault


def test_a_secret_that_is_stored_in_the_clear_is_refused(environ: dict[str, str], store: ParameterStore) -> None:
    name = parameter_name("shop", "prod", "refresh-key")
    store.parameters[name] = ("String", store.parameters[name][1])
    assert any("is a String, not a SecureString" in fault for fault in faults(environ, store))


def test_another_stages_secrets_are_never_used(environ: dict[str, str], store: ParameterStore) -> None:
    environ |= {"AUTH_STAGE": "staging", "SST_RESOURCE_App": '{"name": "shop", "stage": "staging"}'}
    found = faults(environ, store)
    assert len(found) == 4
    assert all("/shop/staging/auth/" in fault and "missing" in fault for fault in found)


def test_prods_audience_is_a_prefix_of_the_others_and_equal_to_none() -> None:
    assert [audience_of("authassay", stage) for stage in ("dev", "staging", "prod")] == [
        "authassay-api-dev",
        "authassay-api-staging",
        "authassay-api",
    ]
