"""Files of other systems as rows of text: CSV, JSON Lines and XLSX, told apart by their bytes."""
