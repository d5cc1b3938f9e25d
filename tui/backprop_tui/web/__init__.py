"""The app in a browser: a server on loopback, a page of our own, and a process of the app for each open tab.

`textual-serve` provides the protocol of such a process, and the terminal that runs in the page.
"""

DRIVER = "backprop_tui.web.driver:BrowserDriver"
"""The value of TEXTUAL_DRIVER for an app whose terminal is a page."""
