"""Tax ids: form and check digits offline, and the registers of the EU and of the United Kingdom."""
