"""Which taxes a supply bears, decided from stated facts and country packs; never guessed."""
