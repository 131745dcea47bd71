"""The use cases of analytics: it only reacts."""
