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
    read_patience_seconds: float = Field(default=0.5, gt=0, description="Longest wait for a connection to read on.")
    write_patience_seconds: float = Field(default=2.0, gt=0, description="Longest wait for a connection to write on.")
    read_timeout_seconds: float = Field(default=5.0, gt=0, description="Longest time of one reading statement.")
    write_timeout_seconds: float = Field(default=10.0, gt=0, description="Longest time of one writing statement.")
    lock_timeout_seconds: float = Field(default=2.0, gt=0, description="Longest wait for a lock.")
    body_limit_bytes: int = Field(default=1_048_576, ge=1_024, description="Largest request body.")
    body_timeout_seconds: float = Field(
        default=10.0, gt=0, description="Longest time a request body may take to arrive."
    )
    answer_limit_bytes: int = Field(default=8_388_608, ge=65_536, description="Largest answer.")
    variable_values: int = Field(
        default=25_000, ge=100, description="Values in the variables of a request, in one another or side by side."
    )
    get_queries: Literal["off", "preflight", "open"] = Field(
        default="off",
        description="Queries by GET: `preflight` takes those with a header GraphQL-Require-Preflight, `open` all.",
    )
    http_status_profile: Literal["2025", "draft-2026"] = Field(
        default="2025",
        description="`draft-2026` answers 422 to what cannot be executed and 294 to data that comes with errors.",
    )
    document_characters: int = Field(default=16_384, ge=1_024, description="Largest GraphQL document.")
    document_tokens: int = Field(default=2_000, ge=100, description="Largest number of tokens of a GraphQL document.")
    document_comments: int = Field(default=100, ge=0, description="Largest number of comments of a GraphQL document.")
    document_fragments: int = Field(default=60, ge=0, description="Most fragments defined in one document.")
    document_operations: int = Field(default=10, ge=1, description="Most operations in one document.")
    document_query_fields: int = Field(default=20, ge=1, description="Most fields at the top of a query.")
    document_mutation_fields: int = Field(default=10, ge=1, description="Most fields at the top of a mutation.")
    document_depth: int = Field(default=12, ge=1, description="Most levels of fields; introspection has its own limit.")
    document_selections: int = Field(
        default=500, ge=1, description="Most fields and fragments of an operation, counted wherever they are used."
    )
    document_aliases: int = Field(
        default=30, ge=0, description="Most aliases of an operation, counted like selections."
    )
    document_directives: int = Field(
        default=30, ge=0, description="Most directives of an operation, counted like selections."
    )
    document_directives_together: int = Field(default=3, ge=0, description="Most directives in one place.")
    document_conditions: int = Field(default=50, ge=1, description="Most conditions in the filters of an operation.")
    document_cost: int = Field(
        default=10_000, ge=1, description="Most points an operation may cost; the explorer page needs 2,500."
    )
    cached_documents: int = Field(default=1_000, ge=1, description="Documents kept, parsed and checked.")
    cached_document_bytes: int = Field(
        default=33_554_432, ge=1_048_576, description="Memory for kept documents and their plans, as estimated."
    )
    cached_plans: int = Field(default=2_000, ge=16, description="Plans kept, over all documents.")
    host: str = Field(default="127.0.0.1", description="Address `regulars serve` listens on.")
    port: int = Field(default=8_000, ge=0, le=65_535, description="Port `regulars serve` listens on; 0 takes any.")
    workers: int = Field(default=1, ge=1, le=64, description="Processes that `regulars serve` answers with.")
    connections: int = Field(
        default=900, ge=1, description="Connections a process answers; /livez and /readyz come on top."
    )
    ranking_pause_seconds: float = Field(
        default=600.0,
        ge=0,
        description="Time between looks at whether all customers have to be ranked anew; 0 for never.",
    )
    header_limit_bytes: int = Field(
        default=16_384, ge=1_024, description="Largest address and headers of a request, together."
    )
    header_timeout_seconds: float = Field(
        default=5.0,
        gt=0,
        description="Longest time from a new connection, or a request's first byte, to its last header.",
    )
    answer_timeout_seconds: float = Field(
        default=30.0, gt=0, description="Longest time a client may take to receive what is sent to it."
    )
    graphiql: bool = Field(default=True, description="Whether `/` shows the explorer page.")
