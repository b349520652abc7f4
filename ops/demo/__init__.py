"""The demonstration: a stack, two filings of a made-up company, and what came out."""
