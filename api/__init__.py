"""Regulars: a GraphQL API over a business's customers."""
