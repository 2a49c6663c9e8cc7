"""One cluster: the way to its API server, what it holds of ours, and what its watches tell."""
