"""Stage-aware configuration: from SST resources (not secret), and secrets from SSM or from SST's own secret state.

The stage is chosen first (stage_choice.py), before anything heavy is imported and before any call to AWS. Resources
come from the encrypted resource file and the environment (resources.py). Secrets are SecureStrings below
``/<app>/<stage>/auth/`` (secret_parameters.py) or stand in SST's secret state (sst_secrets.py). All faults are reported
at once, by name and never by value, as `ConfigurationError`. variables.py declares every environment variable.
"""

from reference_impl.config.build_stamp import BuildStamp, read_stamp
from reference_impl.config.errors import ConfigurationError
from reference_impl.config.loading import load_config
from reference_impl.config.model import (
    DAY,
    HTTPS_ONLY,
    STAGES,
    Client,
    Lifetimes,
    Limit,
    StageConfig,
    registered_clients,
)
from reference_impl.config.origins import Origin, Origins
from reference_impl.config.stage_choice import parse_stage

__all__ = [
    "DAY",
    "HTTPS_ONLY",
    "STAGES",
    "BuildStamp",
    "Client",
    "ConfigurationError",
    "Lifetimes",
    "Limit",
    "Origin",
    "Origins",
    "StageConfig",
    "load_config",
    "parse_stage",
    "read_stamp",
    "registered_clients",
]
