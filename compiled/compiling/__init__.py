"""How the rules become machine code: once for all that call them, and with one pointer for all their records."""
