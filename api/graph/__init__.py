"""The schema: types as views of relations, fields as declarations of where each value comes from."""
