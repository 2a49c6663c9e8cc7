"""`storectl`, the command line: it reaches the control plane by HTTP and shares only its words."""
