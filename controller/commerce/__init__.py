"""What a merchant wants of money, shipping and tax, and how it gets into a shop."""
