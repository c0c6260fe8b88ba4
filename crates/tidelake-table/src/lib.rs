//! Tidelake: what a program uses: Lake and Table.
