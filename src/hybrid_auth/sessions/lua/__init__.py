"""Lua scripts of the session service, one file each."""
