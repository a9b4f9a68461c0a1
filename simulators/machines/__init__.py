"""The machines: what they measure at any time, with no clock, no memory and no input or output.

`machine` says what a machine is, `randomness` and `signals` are what machines are made of, and each of the others is
one kind of machine.
"""
