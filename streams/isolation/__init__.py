"""Runs each analysis in a child process with limits of time and memory; the way in is `isolated_analysis`."""
