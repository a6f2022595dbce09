"""How good a dance is, by the measures of the field. Each module says whose definition it follows."""
