"""Units of measure by their codes and their names."""
