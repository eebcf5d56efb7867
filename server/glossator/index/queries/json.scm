(document (object) @container)
(document (object (pair key: (string) @name) @definition.key))
