"""What several benchmarks need: the running system, the load, what it is compared with, and how figures are printed."""
