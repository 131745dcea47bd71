"""Pure, versioned arithmetic that several domains share: values in, values out."""
