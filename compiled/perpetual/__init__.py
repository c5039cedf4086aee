"""What perpetual contracts have beside the rules of every position: margin, liquidation, funding, mark prices."""
