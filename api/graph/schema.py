"""The schema as graphql-core executes it."""

from __future__ import annotations

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from api.graph.mutation import Mutation
from api.graph.nodes import VIEWS
from api.graph.query import Query
from api.graph.scalars import SCALARS

schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    types=list(VIEWS),
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
)
executable: GraphQLSchema = schema._schema  # the executor takes graphql-core's own object
