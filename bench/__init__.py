"""What is measured, and the harness: `python -m bench`, or `make bench`.

Everything runs on this machine, over the loopback interface, in real processes, and is gone afterwards. Each module
that measures says in its docstring how.
"""
