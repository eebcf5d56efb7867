"""The resolution of names: which definition a mention of a name means, from the facts of the files that a question
touches.

Who knows what, from below: `source` gives facts; `file_view` arranges one file's; `receivers` and `type_texts` read
expressions and types; `rules` is what a language tells, with its `language_traits`; `indexed_files` finds files by
names; `evaluation` joins them, with `class_order` (supertypes) and `call_results` (calls, indices, loops).
On top of it, `definition_lookup` finds definitions, `hierarchies` what is above and below them; `mention_meaning`
tells what one mention means, `use_search` finds all mentions of one definition, and `resolver` answers questions
(start there).

What the author of a language writes
------------------------------------

1. The queries `index/queries/mentions/<language>.scm` and `index/queries/bindings/<language>.scm` (see
`index.mentions`).

2. A subclass of `rules.LanguageRules` in `<family>_rules.py`, and an instance of it in `rules_table._ALL`. Its methods
   are given the `World`, which looks into other files, and the `FileView` of the file that is asked about. They return
   tuples of `Value`s: several are alternatives, an empty one says that there is nothing of the name.

   - `languages`, and the tables of `language_traits`: `builtins`, `unwrapped` (`Optional<X>` has X's members),
     `elements` (`List<X>[]` is X), `opaque`, `constructors`, `structural`.
   - `imported(world, view, item)`: what an `Import` stands for. For a module `Value("module", path)`, where the path
     is a file, a folder with a final "/" or a namespace: what your `module_member` understands. For a member of a
     module what `world.module_member(path, item.member, language)` gives. `external(name)` if it leads out of the
     index: then mentions of it are excluded, so be certain; `NOTHING_KNOWN` if you are not.
   - `module_member(world, module, name)`: what other files see of a module. The default serves where a module is a
     file; re-exports are imports of that file and are followed.
   - `implicit_self` if `name` in a method may mean `this.name`; `extensions` if members may stand outside their type.
   - `in_siblings`: what is visible without an import (a Go or Java package, a C# namespace, a Swift module).
     `world.packaged(package, name, path)` finds the outermost symbols of a name in files that declare a package.
   - `elsewhere`: what is left: `()` where a name that no scope has is certainly the language's or a library's, and
     `NOTHING_KNOWN` where it may be anything.
   - Where a language has values of its own: `type_value`, `element`, `external_member`, `external_call`, `result`,
     `base_value`, `more_bases`, `class_member`, `same_thing`, `is_structural`.

3. Tests in `tests/unit/resolution/`: small files as source text, with the answers known (`resolution_samples.py` has
   what they need).

The rule for all: say that something is resolved, or excluded, only if it is certain. `Value.kind` "unknown" beside
other alternatives makes a mention possible instead of resolved; alone it leaves open what the mention means.
"""
