"""A plant: machines in lines, with shifts, products and orders, that lives through virtual time.

`scenario` says what there is in a TOML file, `course` lets it live, and `answers` says what must come out.
"""
