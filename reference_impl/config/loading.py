"""Reads a stage's whole configuration: stage, resources, secrets, in this order; all faults come at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path

from reference_impl.aws import AwsAccess, ssm_client
from reference_impl.config import variables
from reference_impl.config.build_stamp import BuildStamp
from reference_impl.config.errors import ConfigurationError
from reference_impl.config.model import HTTPS_ONLY, STAGES, Lifetimes, StageConfig, registered_clients
from reference_impl.config.origins import Origins
from reference_impl.config.resources import Resources
from reference_impl.config.secrets import SecretsLoader, SsmFactory, load_secrets
from reference_impl.config.stage_choice import choose_stage
from reference_impl.config.stage_names import stages_of_host, stages_of_key, stages_of_resource
from reference_impl.known_stages import KnownStage, read_other_stages
from reference_impl.origin import host_of_origin

URLS = ("Issuer", "Api", "Web")
VARIABLES = (
    variables.DATABASE,
    variables.STATE_TABLE,
    variables.TLS_CA,
    variables.SECRETS,
    variables.REGION,
    variables.ENDPOINT,
)
OTHERS = variables.OTHER_STAGES_RESOURCE.name


def load_config(
    environ: Mapping[str, str],
    ssm: SsmFactory = ssm_client,
    stamp: BuildStamp | None = None,
    origins: Origins | None = None,
    secrets_of: SecretsLoader = load_secrets,
) -> StageConfig:
    """Build the configuration of the stage that the environment, or the build's stamp, names.

    ``origins`` is told where each value came from; ``secrets_of`` reads the secrets. Raises ConfigurationError with all
    faults; with that of the stage alone where the stage itself is at fault, because nothing else may be read then.
    """
    origins = origins or Origins()
    choice = choose_stage(environ, stamp)
    stage = choice.stage
    origins.note("stage", choice.source, stage)
    faults: list[str] = []
    resources = Resources(environ, faults, origins)
    app = resources.text("App", "name")
    if resources.text("App", "stage") not in ("", stage):
        faults.append(f'{resources.place("App")} is of another stage than {choice.source} ("{stage}"): deploy together')
    urls = {name: _checked_url(resources, name, stage, stamp) for name in URLS}
    lifetimes = _lifetimes(resources, faults)
    audience, bus, table = _names(resources, environ, app, stage)
    other_stages = _other_stages(resources, stage, urls["Issuer"], stamp)
    for variable in VARIABLES:
        origins.note_variable(variable, environ.get(variable.name, ""))
    database = variables.DATABASE.read(environ)
    if not database:
        faults.append(f"{variables.DATABASE.name} is not set: it is the path of the stage's database file")
    reachable = _endpoints(environ, faults)
    secrets = secrets_of(environ, app, stage, faults, origins, ssm) if app and reachable else None
    if secrets is not None:
        named = stages_of_key(secrets.signing_key["kid"])
        faults += _foreign('secret "signing-key": its kid is one', named, stage)
    if faults or secrets is None:
        raise ConfigurationError(*faults)
    ca_file = variables.TLS_CA.read(environ)
    return StageConfig(
        app=app,
        stage=stage,
        issuer=urls["Issuer"],
        api_url=urls["Api"],
        web_url=urls["Web"],
        audience=audience,
        bus=bus,
        database=Path(database),
        clients=registered_clients(urls["Web"], stage),
        lifetimes=lifetimes,
        aws=AwsAccess.of_environment(environ),
        ca_file=Path(ca_file) if ca_file else None,
        other_stages=other_stages,
        state_table=table,
        variables={variable.name: bool(environ.get(variable.name)) for variable in variables.SERVER},
        **vars(secrets),
    )


def _other_stages(resources: Resources, stage: str, issuer: str, stamp: BuildStamp | None) -> tuple[KnownStage, ...]:
    """Return the other stages, of which a stamped build knows only those that it was built with."""
    known = [name for name in STAGES if name != stage]
    others = read_other_stages(OTHERS, resources.raw("OtherStages"), known, issuer, resources.faults)
    for other in others:
        for member, url in (("issuer", other.issuer), ("api", other.api_url)):
            resources.note("OtherStages", f"{other.name}.{member}", url, public=True)
            if stamp is not None and stamp.refuses(url):
                resources.faults.append(f"{OTHERS}: this build was not made for {other.name}: leave it out")
    return others


def _checked_url(resources: Resources, name: str, stage: str, stamp: BuildStamp | None) -> str:
    """Return the resource's URL: an origin of this stage, https except in dev, as RFC 8414 §2 wants an identifier."""
    url = resources.text(name, "url")
    if not url:
        return ""
    host, place = host_of_origin(url, "https", "http"), resources.place(name)
    if not host:
        resources.faults.append(f'{place}: url is not an origin like "https://host": no path, no slash')
        return url
    if stage in HTTPS_ONLY and not url.startswith("https:"):
        resources.faults.append(f"{place}: url is not https, which {stage} requires")
    named = stages_of_host(host) - {stage}
    if stamp is not None and stamp.refuses(url):
        named = named or {"another stage"}
    resources.faults += _foreign(f"{place}: url is a host", named, stage)
    if stamp is not None and (built := stamp.origins[name]) not in ("", url):
        resources.faults.append(f"{place}: url is not that of this build's stamp, {built}: deploy together")
    return url


def _names(resources: Resources, environ: Mapping[str, str], app: str, stage: str) -> tuple[str, str, str]:
    """Return audience, bus and state table, none of which may be another stage's by its name."""
    names = {
        f"{resources.place('Api')}: audience": resources.text("Api", "audience"),
        f"{resources.place('Bus')}: name": resources.text("Bus", "name"),
        variables.STATE_TABLE.name: variables.STATE_TABLE.read(environ),
    }
    for place, name in names.items():
        resources.faults += _foreign(f"{place} is one", stages_of_resource(name, app), stage)
    audience, bus, table = names.values()
    return audience, bus, table


def _endpoints(environ: Mapping[str, str], faults: list[str]) -> bool:
    """Say whether AWS can be asked: each endpoint that is set is an origin; credentials have variables of their own."""
    given = {one: one.read(environ).removesuffix("/") for one in (variables.ENDPOINT, variables.EVENTS_ENDPOINT)}
    wrong = [one for one, url in given.items() if url and not host_of_origin(url, "https", "http")]
    faults += [f'{one.name} is not an origin like "{one.example}": no user, no path' for one in wrong]
    return not wrong


def _foreign(what: str, named: set[str], stage: str) -> list[str]:
    """Return the fault of what is other stages' by its name; none where it names none of them."""
    whose = " and ".join(sorted(named - {stage}))
    return [f"{what} of {whose}, and this is {stage}: give it {stage}'s own"] if whose else []


def _lifetimes(resources: Resources, faults: list[str]) -> Lifetimes:
    """Return the lifetimes, each within its ceiling."""
    given, place = resources.of("Issuer").get("lifetimes", {}), resources.place("Issuer")
    known = asdict(Lifetimes())
    changes: dict[str, int] = {}
    for name, value in (given if isinstance(given, dict) else {"": given}).items():
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            faults.append(f'{place}: no lifetime is called "{name}"' + (f", {near[0]} is" if near else ""))
        elif type(value) is not int or not 0 <= value <= Lifetimes.LIMITS[name].ceiling:
            faults.append(f"{place}: lifetime {name} is 0 to {Lifetimes.LIMITS[name].ceiling} whole seconds")
        else:
            changes[name] = value
    return Lifetimes(**{**known, **changes})
