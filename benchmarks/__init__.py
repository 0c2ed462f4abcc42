"""The product's figures beside its peers' and the machine's own, measured side by side in one run.

``python -m benchmarks`` prints them all; each row of `ROWS` is a module that measures one.
"""
