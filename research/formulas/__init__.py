"""Small formulas that users write: conditions on parameters and expressions over figures."""
