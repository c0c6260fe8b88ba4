//! The table options that metadata and its writers read. (Owner: declare with OptionKey; each other crate declares its own.)
