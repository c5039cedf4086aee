"""Who may ask the server, from where, and how much: closed by default."""
