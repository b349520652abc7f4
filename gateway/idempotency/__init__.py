"""Idempotency-Key: the same key and the same body are one task, at whatever gateway and however often they come."""
