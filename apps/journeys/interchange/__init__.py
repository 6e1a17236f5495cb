"""A map in the formats of other tools: out as JSON, Mermaid, CSV, SVG, PNG and PDF, in as JSON and Mermaid."""
