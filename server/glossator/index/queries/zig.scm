; Zig: functions, tests, and constants that hold a container. A function that returns a type is one too.

(Decl (FnProto function: (IDENTIFIER) @name) (Block)? @body) @definition.function
(Decl
  (FnProto
    function: (IDENTIFIER) @name
    (ErrorUnionExpr (SuffixExpr (BuildinTypeExpr) @_result)))
  (Block) @body
  (#eq? @_result "type")) @definition.struct

((Decl
    (VarDecl variable_type_function: (IDENTIFIER) @name (ErrorUnionExpr (SuffixExpr [(INTEGER) (FLOAT)]))))
  @definition.constant
  (#match? @name "^[A-Z][A-Z0-9_]+$"))
((doc_comment) . (Decl (VarDecl variable_type_function: (IDENTIFIER) @name)) @definition.constant)

(Decl
  (VarDecl
    variable_type_function: (IDENTIFIER) @name
    (ErrorUnionExpr (SuffixExpr (ContainerDecl (ContainerDeclType) @_container) @body)))
  (#match? @_container "^struct")) @definition.struct
(Decl
  (VarDecl
    variable_type_function: (IDENTIFIER) @name
    (ErrorUnionExpr (SuffixExpr (ContainerDecl (ContainerDeclType) @_container) @body)))
  (#match? @_container "^enum")) @definition.enum
(Decl
  (VarDecl
    variable_type_function: (IDENTIFIER) @name
    (ErrorUnionExpr (SuffixExpr (ContainerDecl (ContainerDeclType) @_container) @body)))
  (#match? @_container "^union")) @definition.union
(Decl
  (VarDecl
    variable_type_function: (IDENTIFIER) @name
    (ErrorUnionExpr (SuffixExpr (ContainerDecl (ContainerDeclType) @_container) @body)))
  (#match? @_container "^opaque")) @definition.type
(Decl
  (VarDecl
    variable_type_function: (IDENTIFIER) @name
    (ErrorUnionExpr (SuffixExpr (ErrorSetDecl) @body)))) @definition.enum

(ContainerField field_member: (IDENTIFIER) @name) @definition.field
(TestDecl (STRINGLITERALSINGLE) @name (Block) @body) @definition.test
(TestDecl (IDENTIFIER) @name (Block) @body) @definition.test

(FieldOrFnCall function_call: (IDENTIFIER) @reference)
(SuffixExpr variable_type_function: (IDENTIFIER) @reference . (FnCallArguments))
(SuffixExpr variable_type_function: (IDENTIFIER) @reference (#match? @reference "^[A-Z]"))
(FieldOrFnCall field_access: (IDENTIFIER) @reference (#match? @reference "^[A-Z]"))

((SuffixExpr
    (BUILTINIDENTIFIER) @_import
    (FnCallArguments (ErrorUnionExpr (SuffixExpr (STRINGLITERALSINGLE) @import))))
  (#any-of? @_import "@import" "@cImport" "@embedFile"))
