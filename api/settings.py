"""Every knob with its default, read from the environment once per process."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one process; each is read from the environment variable named beside it."""

    model_config = SettingsConfigDict(env_prefix="REGULARS_", frozen=True, extra="ignore")

    database_url: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="A PostgreSQL 15 or newer to use instead of the embedded server, as postgresql://user@host/name.",
    )
    data: Path | None = Field(
        default=None, description="Folder of the embedded server's data; by default the user's data folder."
    )
    environment: Literal["development", "production"] = Field(
        default="development",
        validation_alias="REGULARS_ENV",
        description="`production` forbids the embedded server, a made-up population and migrations on the way.",
    )
    database_pooler: Literal["session", "transaction"] = Field(
        default="session",
        validation_alias="DB_POOLER",
        description="`transaction` when a pooler such as PgBouncer in transaction mode stands before the database.",
    )
    pool_size: int = Field(default=10, ge=1, le=100, description="Database connections a process keeps.")
    read_timeout_seconds: float = Field(default=5.0, gt=0, description="Longest time of one reading statement.")
    write_timeout_seconds: float = Field(default=10.0, gt=0, description="Longest time of one writing statement.")
    lock_timeout_seconds: float = Field(default=2.0, gt=0, description="Longest wait for a lock.")
    body_limit_bytes: int = Field(default=1_048_576, ge=1_024, description="Largest request body.")
    body_timeout_seconds: float = Field(
        default=10.0, gt=0, description="Longest time a request body may take to arrive."
    )
    document_characters: int = Field(default=16_384, ge=1_024, description="Largest GraphQL document.")
    document_tokens: int = Field(default=2_000, ge=100, description="Largest number of tokens of a GraphQL document.")
    cached_documents: int = Field(default=1_000, ge=1, description="Documents kept, parsed and checked.")
    cached_document_bytes: int = Field(
        default=33_554_432, ge=1_048_576, description="Memory for kept documents, as estimated from their length."
    )
    cached_plans: int = Field(default=2_000, ge=16, description="Plans kept, over all documents.")
    host: str = Field(default="127.0.0.1", description="Address `regulars serve` listens on.")
    port: int = Field(default=8_000, ge=0, le=65_535, description="Port `regulars serve` listens on; 0 takes any.")
    graphiql: bool = Field(default=True, description="Whether `/` shows the explorer page.")
