"""Batches at the gateway: filings that are submitted together, and how far all of them are."""
