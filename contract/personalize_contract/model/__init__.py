"""Exchanges, the contract that they are held against, and who answered them.

Everything here is a value or a pure function; nothing reads a setting, opens a socket or knows a
library of HTTP.
"""
