"""Faust: how filing events reach the worker, one actor a partition."""
