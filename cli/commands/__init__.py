"""The verbs of `storectl`; `cli.verbs` lists them and imports one module per run."""
