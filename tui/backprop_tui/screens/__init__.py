"""The screens: the debugger, the gallery, and the small ones on top of them."""
