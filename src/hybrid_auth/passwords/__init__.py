"""Passwords: hashing, policy, sign-in, change, and registration with one."""
