"""The schema as graphql-core executes it."""

from __future__ import annotations

import strawberry
from graphql import GraphQLInputObjectType, GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from api.graph.inputs import Builder
from api.graph.mutation import Mutation
from api.graph.nodes import VIEWS
from api.graph.query import Query
from api.graph.scalars import SCALARS

ABOUT = (
    "Customers, what they bought and what they have brought you. Read with `query`, from `customers` on; "
    "record purchases and refunds with `mutation`."
)
"""What the documentation says first of all."""

schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    types=list(VIEWS),
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
)


def _inputs_completed(built: GraphQLSchema) -> GraphQLSchema:
    """Return the schema with its @oneOf inputs marked, and every input built by our own hook.

    Strawberry keeps to itself which inputs are @oneOf, so that graphql-core would refuse no document.
    """
    builder = Builder(schema.config)
    for type_ in built.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            definition = type_.extensions["strawberry-definition"]
            type_.is_one_of = definition.is_one_of
            definition.from_input = builder
    return built


def _described(built: GraphQLSchema) -> GraphQLSchema:
    """Return the schema with a description of its own and of its directives' arguments, which Strawberry leaves out."""
    built.description = ABOUT
    for directive in built.directives:
        definition = directive.extensions.get("strawberry-definition")
        for field in definition.fields if definition else ():
            directive.args[field.python_name].description = field.description
    return built


executable: GraphQLSchema = _described(_inputs_completed(schema._schema))
"""graphql-core's own object, which the executor takes."""
