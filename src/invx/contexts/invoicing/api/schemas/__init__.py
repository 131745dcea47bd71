"""The bodies of invoicing's API: what comes in (`…In`) and what goes out (`…Out`)."""
