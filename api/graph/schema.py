"""The schema as graphql-core executes it."""

from __future__ import annotations

import strawberry
from graphql import GraphQLInputObjectType, GraphQLSchema
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


def _one_of_known_to_core(built: GraphQLSchema) -> GraphQLSchema:
    """Return the schema with its @oneOf inputs marked: Strawberry keeps that to itself, so no document is refused."""
    for type_ in built.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            type_.is_one_of = type_.extensions["strawberry-definition"].is_one_of
    return built


def _directives_described(built: GraphQLSchema) -> GraphQLSchema:
    """Return the schema with its own directives' arguments described: Strawberry leaves their descriptions out."""
    for directive in built.directives:
        definition = directive.extensions.get("strawberry-definition")
        for field in definition.fields if definition else ():
            directive.args[field.python_name].description = field.description
    return built


executable: GraphQLSchema = _directives_described(_one_of_known_to_core(schema._schema))
"""graphql-core's own object, which the executor takes."""
