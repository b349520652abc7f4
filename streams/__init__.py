"""What happens to a filing event: the agents, the analysis, the stores."""
