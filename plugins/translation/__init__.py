"""Translation of documents. The room only: it registers nothing until there is a tool that works."""
