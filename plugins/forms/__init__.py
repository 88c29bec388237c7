"""What the screens of plugins share; it is no plugin itself."""
