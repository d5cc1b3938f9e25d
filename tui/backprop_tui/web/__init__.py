"""The app in a browser: a server on loopback, a page of our own, and a process of the app for each open tab.

`textual-serve` gives what speaks with such a process, and the terminal that runs in the page.
"""

DRIVER = "backprop_tui.web.driver:BrowserDriver"
"""What TEXTUAL_DRIVER says to an app whose terminal is a page."""
