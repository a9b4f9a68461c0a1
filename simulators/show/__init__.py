"""A day of a machine, to be looked at.

`stage` puts it into a plant, `day` lets it live there, `panels` says which of its signals belong together, and
`picture` (with `curves`) and `terminal` show them.
"""
