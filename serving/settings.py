"""What an operator sets, all of it: one frozen class, read from the environment with the prefix TIEOUT_.

Thresholds are not here: they are the policy, which travels with the model. Every field is a row of
docs/reference/settings.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Self, cast
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from receivables.errors import TieoutError

__all__ = ["BadSettingsError", "DefaultSecretError", "Settings", "load_settings"]

DEV_SECRET: Final = "tieout-dev-secret-for-nothing-but-a-try"  # noqa: S105 - refused outside --dev
LEAST_SECRET: Final = 32
"""Characters of a secret: 32 random ones are more than 128 bits."""


class BadSettingsError(TieoutError):
    """A setting cannot be used."""

    code = "bad_setting"
    mend = "docs/reference/settings.md says what each setting takes."


class DefaultSecretError(TieoutError):
    """TIEOUT_SECRET_KEY is missing, short or the one for trying out."""

    code = "default_secret"
    mend = (
        "Set it to at least 32 random characters "
        "(python -c 'import secrets; print(secrets.token_urlsafe(32))'), "
        "or try things out with `tieout serve --dev`."
    )


class Settings(BaseSettings):
    """Every setting of the service, with its default."""

    model_config = SettingsConfigDict(env_prefix="TIEOUT_", frozen=True, extra="ignore")

    home: Path = Field(Path(), description="Folder of the store, the models and the reports.")
    database_url: str = Field(
        default_factory=lambda given: f"sqlite:///{Path(given['home']).resolve() / 'store.db'}",
        description="Where the store is: sqlite:///FILE or postgresql://...; default: store.db in the home.",
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Signs cursors and seals the secrets of webhooks; 32 random characters or more.",
    )
    dev: bool = Field(default=False, description="Try things out: a default secret is let through.")
    host: str = Field("127.0.0.1", description="Address to listen on; keep it private, behind a TLS proxy.")
    port: int = Field(3000, ge=1, le=65535, description="Port to listen on.")
    workers: int = Field(1, ge=1, le=64, description="Processes that answer requests.")
    match_threads: int = Field(
        2, ge=1, le=64, description="Requests that a worker works on at once; the others wait their turn."
    )
    request_seconds: float = Field(
        30.0, gt=0, le=600, description="Time limit of a request; then it is answered with 504."
    )
    body_bytes: int = Field(4 * 2**20, ge=1024, le=2**28, description="Largest body of a request.")
    rate_limit: str = Field("1200/minute", description="Requests of one API key, per worker.")
    failed_logins: str = Field("30/minute", description="Refused keys from one address, per worker.")
    rate_limit_storage: str = Field(
        "memory://", description="Where rates are counted; redis://... counts over all workers."
    )
    model_poll_seconds: float = Field(
        2.0, gt=0, le=3600, description="How often a worker looks for a newly published model."
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token that /metrics asks for; empty: open to all who reach it.",
    )
    webhooks_private: bool = Field(
        default=False, description="Let webhooks go to private and loopback addresses."
    )
    webhook_seconds: float = Field(10.0, gt=0, le=60, description="Time limit of one delivery.")
    webhook_attempts: int = Field(12, ge=1, le=50, description="Deliveries tried before one is given up.")
    webhook_poll_seconds: float = Field(
        1.0, gt=0, le=60, description="How often a worker looks for deliveries that are due."
    )
    replay_seconds: int = Field(
        300, ge=1, le=3600, description="How old a signed webhook that comes in may be."
    )
    log_level: str = Field(
        "info", pattern="^(debug|info|warning|error)$", description="Least level that is logged."
    )
    master_key: SecretStr = Field(
        SecretStr(""), description="Wraps the keys of personal data; empty: a file in the home, made once."
    )

    @model_validator(mode="after")
    def _refuse_default_secrets(self) -> Self:
        secret = self.secret_key.get_secret_value()
        if self.dev:
            if not secret:
                object.__setattr__(self, "secret_key", SecretStr(DEV_SECRET))
        elif len(secret) < LEAST_SECRET or secret == DEV_SECRET:
            raise DefaultSecretError
        return self

    def shown(self) -> dict[str, str]:
        """Write every setting for the log, secrets masked."""
        said = {name: str(value) for name, value in self if name != "database_url"}
        return said | {"database_url": _without_password(self.database_url)}


def load_settings(**given: object) -> Settings:
    """Read the settings; what is `given` wins over the environment.

    Raises `BadSettingsError` or `DefaultSecretError`.
    """
    try:
        return Settings(**cast("Any", given))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise BadSettingsError(f"TIEOUT_{name}: {first['msg']}.") from None


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{host}"))
