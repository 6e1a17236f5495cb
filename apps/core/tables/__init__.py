"""Tables that people bring and take away: CSV and XLSX, row by row in constant memory, every limit refused in words."""
