"""Messages to people: what happened, told to the services that a person reads, beside the run and never in its way."""
