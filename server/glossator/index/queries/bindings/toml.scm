; The name of a crate, in Cargo.toml
((table (bare_key) @_table (pair (bare_key) @_name (string) @package)) (#eq? @_table "package") (#eq? @_name "name"))
