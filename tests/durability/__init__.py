"""The fault matrix: nothing that mosquitto acknowledged is missing from influxd, whatever fails in between.

    python -m tests.durability [--quick] [--rows NAMES] [--seed S] [--json]

A *part* starts its own servers and lets faults strike one after the other while messages flow; each fault makes a row.
`parts` lists them all, `faults` and `answers` are what can go wrong, `stage` starts the servers, and `examine` asks
whether anything is missing. The gateway under test, the publisher, the ledger and the verdict are those of
`gateway verify-durability`.
"""
