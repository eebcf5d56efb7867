//! Parses expressions.

use std::{fmt::Display, io};
use crate::lexer::{Lexer, Token};

/// How deep expressions may nest.
pub const MAX_DEPTH: usize = 64;
static NAME: &str = "parser";

/// An expression.
#[derive(Debug, Clone)]
pub enum Expr {
    Number(f64),
    Binary { op: Token, left: Box<Expr> },
}

/// Reads tokens.
///
/// Keeps one ahead.
pub struct Parser<'a, T: Source> {
    lexer: Lexer<'a>,
    source: T,
}

pub trait Source: Display {
    type Item;
    const SIZE: usize;

    /// The next item.
    fn next(&mut self) -> Option<Self::Item>;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'a, T: Source> Parser<'a, T> {
    /// Makes a parser.
    pub fn new(lexer: Lexer<'a>, source: T) -> Self {
        Parser { lexer, source }
    }

    #[inline]
    pub(crate) async fn expr(&mut self, depth: usize) -> Result<Expr, ParseError> {
        if depth > MAX_DEPTH {
            return Err(ParseError::new("deep"));
        }
        let token = self.lexer.next::<Token>()?;
        debug!("{token:?}");
        io::stdout().flush()
    }
}

impl<T> Display for Parser<'_, T>
where
    T: Source,
{
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "parser")
    }
}

pub mod helpers {
    pub fn trim(text: &str) -> &str {
        text.trim()
    }
}

macro_rules! token {
    ($name:ident) => {
        Token::$name
    };
}

pub type Output = Result<Expr, ParseError>;

union Bits {
    int: u32,
    float: f32,
}

extern "C" {
    fn native_parse(text: *const u8) -> i32;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_numbers() {
        assert_eq!(parse("1"), Ok(Expr::Number(1.0)));
    }
}
