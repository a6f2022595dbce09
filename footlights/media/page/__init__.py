"""The page: live pictures, events and shows in a browser, and the browser's camera as a source."""
