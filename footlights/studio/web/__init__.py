"""The web studio: collect, label, train, judge and export in a browser. Needs the extra `studio`."""
