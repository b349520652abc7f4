"""Batches: what is told of each member's end, and what all of them say together."""
