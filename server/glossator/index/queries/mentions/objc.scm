; Parts of selectors: what is sent is noted whole, by its full name.
(message_expression method: (identifier) @skip)
(selector_expression (identifier) @skip)
