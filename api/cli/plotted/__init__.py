"""The work of `regulars plot`: how a forecast would have gone, as a page with plots."""
