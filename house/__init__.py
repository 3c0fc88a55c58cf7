"""Tools of the house: budgets, generated pages. Not part of the package."""
