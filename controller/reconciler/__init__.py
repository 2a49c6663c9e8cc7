"""The reconciler: look at what is true, take one step towards what is wanted, look again."""
