"""Which points are tried next: samplers that are asked and told."""
