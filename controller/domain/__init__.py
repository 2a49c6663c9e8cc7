"""The pure types and rules of the product: no input or output, imported by every other package."""
