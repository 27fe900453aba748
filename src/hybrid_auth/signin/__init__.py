"""Proofs in, a session out: the only caller of `SessionService.issue`."""
