"""Pages with plots that commands write: each is one file that asks nothing of anybody."""
