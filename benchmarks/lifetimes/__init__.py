"""The package `lifetimes` beside our models: the same work on the same customers, each in a process of its own."""
