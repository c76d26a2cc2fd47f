"""Relations and expressions: what can be asked of the database, and through which lens.

A relation knows its table, its key, its owner and its clocks. `Row.visible` is the one place where owner and clocks
become conditions, so no read can forget them.
"""
