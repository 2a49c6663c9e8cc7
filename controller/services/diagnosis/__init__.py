"""Why a store is not well: one chain of causes from what was asked for down to the shop."""
