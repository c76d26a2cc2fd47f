"""Selections become statements, rows become answers: select, compile, run, splice.

Each step is a function over plain data that can be printed. A level with no derived field below it is one nested JSON
expression of its parent; a derived field splits its level off into a statement of its own.
"""
