"""Phase C: what signals ask for, and the gates that it goes through."""
