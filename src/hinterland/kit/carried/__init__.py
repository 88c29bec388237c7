"""What goes on the stick beside the kit and runs there: Python's own library and nothing else.

`hint kit verify|install|update` run these same modules.
"""
