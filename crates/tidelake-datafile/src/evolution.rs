//! From the columns of an old file to the columns wanted today.
