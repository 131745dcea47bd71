"""Files of exchange rates as central banks and ministries publish them."""
