"""What is kept and what goes: erasures, and what the law wants of documents."""
