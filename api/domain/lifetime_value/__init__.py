"""Models of what customers will buy: purchases, spend and renewals, over whole batches of rows, in weeks and money.

Scoring on read takes `scoring`, `intervals` and the models. Fitting them and judging the fits is done ahead of time:
`fitting` alone imports scipy.optimize, and nothing that a server takes imports `fitting`: it starts no later for it.
"""
