"""In what languages differ, as far as a word or a list of names tells: what `LanguageRules` has beside its methods."""

from __future__ import annotations

from typing import ClassVar


class LanguageTraits:
    """What differs from language to language; the class itself has what most languages share.

    Attributes:
        languages: the languages that it is for, by their names in `LANGUAGES`.
        implicit_self: whether a bare name in a method may mean a member of its class (Java, C#, Kotlin, C++, Swift,
            Ruby).
        bare_members: whether a bare name in another file may mean a member of a type.
        receives_bare: whether a bare name may mean a member of something else: in a block of Kotlin and Ruby of what
            the block is handed to (`shop.apply { open() }`), in a macro's arguments of what the macro writes before it.
        named_modules: whether modules are reached by their names only, and not through instances and results of calls.
        unknown_modules: those of the languages in which an unknown receiver may be a module: it is loaded by a name
            that is made at run time, in Swift no file says what it is called, and in C++ a macro may open a namespace
            (`PUGI_NS_BEGIN`).
        body_scope: whether a bare name directly in a class's body may mean a member of the class (Python).
        counts_arguments: whether a call means no function that takes another number of arguments, and one that is
            declared in several files has the same parameters in each.
        overloads: whether functions of one name may differ in how many arguments they take, and a function and a field
            of one class may have the same name.
        labelled: whether the labels of arguments tell functions of one name apart (Swift).
        hides_private: whether a member may be marked as one that no other file sees (Java).
        hides_inherited: whether a function hides those of its name in a supertype, whatever they take (C++).
        unknown_means_any: whether a name after an unknown receiver may mean any definition of the name, not members
            only: in files whose mentions are read without regard to the language's grammar.
        fields_apart: whether a field and a method of one type may have the same name, and calls alone mean the method.
        members_called: whether a method is meant only where it is called, or named in a string (PHP).
        classes_import: whether a class may take functions of a supertype beside its own of their name (C++'s `using`).
        statics_apart: whether the members of a class itself are none of its instances, and may have the same names.
        statics_override: whether members of a class itself may override those of a supertype.
        sorts_apart: whether a field hides no method of a supertype, nor a method a field.
        generic_types: whether the arguments of an instance's type tell what its members give.
        calls_keep: whether what is called on an instance gives the instance: the variants of an enum take arguments.
        extensions: whether members of a type may stand outside it, in other files too: in `impl Foo`, `extension
            Foo`, a reopened class, or under a qualifier (`Foo::bar`, `func (f *Foo) bar`).
        extending_languages: the languages in which they may stand, if these are not all of `languages`.
        inner_extensions: whether functions that extend a type may be members of a class, and are seen only inside of it
            (Kotlin).
        extended_given_first: whether calls give what a function extends as its first argument (Java, of Kotlin's).
        extends_libraries: whether a member that an extension gives to a library's class may be meant by its bare name
            in a class below that.
        bare_enum_members: whether a member of an enum may be named without it where its type is known (`case BIG:`).
        members_follow: whether what a name means may depend on the member that follows (C#'s `Color.Red` beside a
            property `Color`).
        decorator_ending: what a decorator leaves out of the name of its class (C#'s `[Flags]` is `FlagsAttribute`).
        marks_references: whether a function is handed over as `Session::close` only: `session.close` is a field.
        marks_optional: whether the types of a function's parameters say which may be left out.
        setter_ending: what the name of a method ends in that an assignment to a member calls (Ruby's `def name=`).
        shared_functions: whether functions at the top of a file are methods of every object, in other files too (Ruby).
        extended_types: names of the language's own types, to which code adds members by declaring them again.
        builtins: names of the language's own types and functions, which lead out of the index.
        unwrapped: types by their last name whose members are those of an argument, and the number of the argument:
            `Optional[X]`, `Promise<X>`, `Box<X>`.
        wrapper_members: names of members of such types themselves.
        elements: types by their last name whose elements, by index or in a loop, are an argument.
        opaque: types of which nothing is known (`any`, `object`).
        constructors: names of constructors: a call of the class calls them.
        own_constructor: whether the head of a class may have the parameters of its constructor, and an interface's
            name before a lambda makes that an instance (Kotlin).
        call_members: names of members that a call of an instance calls (`__call__`, `invoke`).
        element_members: names of members that an index or a loop calls.
        result_argument: types by their last name the call of whose instances gives an argument (`Callable[..., X]`).
        traits_mixed_in: whether a class outside the index may have the members of a trait (PHP).
        types_called_bare: those of the languages in which a type is called by its bare name, which in a macro's body
            may as well be that of a variable in what the macro stands for (C++).
        structural: kinds of types that are implemented by having their members, without being named.
        dollar_names: whether names of variables, functions and classes may begin with a dollar sign.
        whole_names: names under which a module exports what is imported under a name of the importer's own choice.
        hides_unexported: whether other files see only what is marked as exported.
        implicit_members: names of members that the language calls itself: conversions to text, operators, iteration.
        declaration_endings: how the names of files end that have the types of a module, and no code that runs.
        parts_elsewhere: whether another file, whatever its name, may declare what a file defines, or have parts of it.
    """

    languages: ClassVar[frozenset[str]] = frozenset()
    implicit_self: ClassVar[bool] = False
    bare_members: ClassVar[bool] = True
    receives_bare: ClassVar[bool] = False
    named_modules: ClassVar[bool] = False
    unknown_modules: ClassVar[frozenset[str]] = frozenset()
    body_scope: ClassVar[bool] = False
    overloads: ClassVar[bool] = False
    counts_arguments: ClassVar[bool] = False
    labelled: ClassVar[bool] = False
    hides_private: ClassVar[bool] = False
    hides_inherited: ClassVar[bool] = False
    unknown_means_any: ClassVar[bool] = False
    fields_apart: ClassVar[bool] = False
    members_called: ClassVar[bool] = False
    classes_import: ClassVar[bool] = False
    statics_apart: ClassVar[bool] = False
    statics_override: ClassVar[bool] = True
    sorts_apart: ClassVar[bool] = False
    generic_types: ClassVar[bool] = False
    calls_keep: ClassVar[bool] = False
    extensions: ClassVar[bool] = False
    extending_languages: ClassVar[frozenset[str]] = frozenset()
    inner_extensions: ClassVar[bool] = False
    extended_given_first: ClassVar[bool] = False
    extends_libraries: ClassVar[bool] = False
    bare_enum_members: ClassVar[bool] = False
    members_follow: ClassVar[bool] = False
    decorator_ending: ClassVar[str] = ""
    marks_references: ClassVar[bool] = False
    marks_optional: ClassVar[bool] = False
    setter_ending: ClassVar[str] = ""
    shared_functions: ClassVar[bool] = False
    extended_types: ClassVar[frozenset[str]] = frozenset()
    builtins: ClassVar[frozenset[str]] = frozenset()
    unwrapped: ClassVar[dict[str, int]] = {}
    wrapper_members: ClassVar[frozenset[str]] = frozenset()
    elements: ClassVar[dict[str, int]] = {}
    opaque: ClassVar[frozenset[str]] = frozenset()
    constructors: ClassVar[frozenset[str]] = frozenset()
    own_constructor: ClassVar[bool] = False
    call_members: ClassVar[tuple[str, ...]] = ()
    element_members: ClassVar[tuple[str, ...]] = ()
    result_argument: ClassVar[dict[str, int]] = {}
    traits_mixed_in: ClassVar[bool] = False
    types_called_bare: ClassVar[frozenset[str]] = frozenset()
    structural: ClassVar[frozenset[str]] = frozenset()
    dollar_names: ClassVar[bool] = False
    whole_names: ClassVar[frozenset[str]] = frozenset()
    hides_unexported: ClassVar[bool] = False
    implicit_members: ClassVar[frozenset[str]] = frozenset()
    declaration_endings: ClassVar[tuple[str, ...]] = ()
    parts_elsewhere: ClassVar[bool] = False
