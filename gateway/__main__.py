"""Lets `python -m gateway` be the `gateway` command."""

from gateway.cli import main

main()
