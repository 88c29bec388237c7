"""What the forms of plugins share, on screens and in lines; it is no plugin itself."""
