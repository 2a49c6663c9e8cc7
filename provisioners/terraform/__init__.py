"""What a stack needs around its release: the builder, runs of terraform, and where states are."""
