/** The plugin's version. The build puts pyproject.toml's here; a test holds the two equal. */
export const VERSION = "0.1.0";
