"""Programs: a user's text that is called at trigger events, in a sandbox, and decides as a strategy of the kernel."""
