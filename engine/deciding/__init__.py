"""Phase C: what strategies say, what it asks for, and the gates that it goes through."""
