"""Pure judgements, one module per area: from recorded observations to a verdict."""
