"""How indicators run: the nodes that they are made of, their streaming form and their column form."""
