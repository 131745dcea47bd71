"""Tables as files, written row by row: CSV, JSON Lines and XLSX."""
