"""The work of `regulars fit`, and what it tells: a table on the terminal, and a page with plots."""
